/**
 * `LlmProxyService`: prompts to chat requests, replies to text.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ExecuteRequest,
  type ExecuteResponseSchema,
  type ExecutionMetricsSchema,
  LlmProxyService,
  type StreamChunkSchema,
} from "@llmproxy/proto";
import { type ChatRequest, type Clock, ProxyError } from "@llmproxy/spec";
import { type Answer, openAnswer } from "../answer.ts";
import { callOf, modelOrDefault, passHeaders, refuseCall } from "../call.ts";
import { readChatRequest } from "../mapping/chat-request.ts";
import { executeError } from "../mapping/execute-error.ts";
import { metricsMessage } from "../mapping/metrics.ts";
import { serverInfoMessage } from "../mapping/server-info.ts";
import { isRequestId } from "../request-id.ts";
import { operation, type Rpc, type RpcAccess, serverStream, unary } from "../rpc.ts";
import type { RpcContext } from "../rpc-context.ts";
import type { ServicesCore } from "../services-core.ts";

type Response = MessageInitShape<typeof ExecuteResponseSchema>;
type Chunk = MessageInitShape<typeof StreamChunkSchema>;
type Metrics = MessageInitShape<typeof ExecutionMetricsSchema>;

/** The RPCs of `LlmProxyService`. */
export function llmProxyRpcs(core: ServicesCore, clock: Clock): readonly Rpc[] {
  const { getServerInfo, execute, streamExecute } = LlmProxyService.method;
  const call: RpcAccess = { kind: "call", refuse: (refusal, context) => refuseCall(core, refusal, context) };
  return [
    unary(operation, getServerInfo, async (_message, { principal }) =>
      serverInfoMessage(core.operations.server.info(principal)),
    ),
    unary(call, execute, (message, context) => answerWhole(new Execution(core, clock, message, context))),
    serverStream(call, streamExecute, (message, context) =>
      answerInChunks(new Execution(core, clock, message, context)),
    ),
  ];
}

async function answerWhole(execution: Execution): Promise<Response> {
  const { requestId } = execution;
  try {
    const answer = await execution.ask(false);
    const text = await readAll(answer);
    const { model } = answer.facts;
    return {
      requestId,
      result: {
        case: "success",
        value: { responseText: text, metrics: execution.metrics(answer), actualModelUsed: model },
      },
    };
  } catch (reason) {
    const error = executeError(ProxyError.from(reason));
    if (!error) throw reason;
    return { requestId, result: { case: "error", value: error } };
  }
}

async function readAll(answer: Answer): Promise<string> {
  try {
    let text = "";
    for await (const piece of answer.texts()) text += piece;
    return text;
  } finally {
    answer.close();
  }
}

/** A failure becomes the last chunk; an answer cut off in the middle must not look like a complete one besides. */
async function* answerInChunks(execution: Execution): AsyncGenerator<Chunk> {
  const { requestId } = execution;
  try {
    const answer = await execution.ask(true);
    try {
      for await (const text of answer.texts())
        yield { requestId, chunkType: { case: "textChunk", value: text } };
    } finally {
      answer.close();
    }
    const { model } = answer.facts;
    yield { requestId, chunkType: { case: "complete", value: { actualModelUsed: model } } };
    yield { requestId, chunkType: { case: "finalMetrics", value: execution.metrics(answer) } };
  } catch (reason) {
    const failure = ProxyError.from(reason);
    const error = executeError(failure);
    if (error) yield { requestId, chunkType: { case: "error", value: error } };
    if (!error || failure.code === "upstream_cut") throw reason;
  }
}

/** One prompt on its way. */
class Execution {
  /** Sent back with the answer: the client's own name for the request, whatever it is. */
  readonly requestId: string;
  readonly #core: ServicesCore;
  readonly #clock: Clock;
  readonly #message: ExecuteRequest;
  readonly #context: RpcContext;
  readonly #startedMs: number;

  constructor(core: ServicesCore, clock: Clock, message: ExecuteRequest, context: RpcContext) {
    this.#core = core;
    this.#clock = clock;
    this.#message = message;
    this.#startedMs = clock.monotonic();
    this.#context = isRequestId(message.requestId) ? named(context, message.requestId) : context;
    this.requestId = message.requestId || context.requestId;
  }

  /** @throws `ProxyError` when there is no answer; what is wrong with the message is refused by the pipeline */
  async ask(stream: boolean): Promise<Answer> {
    const chat = await this.#readChat(stream);
    const answer = await openAnswer(this.#core, { ...callOf(this.#context), chat });
    passHeaders(answer.headers, this.#context);
    return answer;
  }

  /** What a completely read answer took. */
  metrics({ facts, headers }: Answer): Metrics {
    const attempts = Number(headers["x-llmproxy-attempts"]);
    return metricsMessage({
      durationMs: this.#clock.monotonic() - this.#startedMs,
      endedAtMs: this.#clock.now(),
      usage: facts.usage,
      attempts: Number.isInteger(attempts) ? attempts : undefined,
    });
  }

  async #readChat(stream: boolean): Promise<ChatRequest> {
    try {
      const model = modelOrDefault(this.#core, this.#context, this.#message.modelName, "model_name");
      return readChatRequest(this.#message, model, stream);
    } catch (reason) {
      if (!ProxyError.is(reason)) throw reason;
      return await refuseCall(this.#core, reason, this.#context);
    }
  }
}

/** The same RPC under the name the client gave it in the message, which logs and records shall show. */
function named(context: RpcContext, requestId: string): RpcContext {
  context.responseHeaders.set("x-request-id", requestId);
  return { ...context, requestId };
}

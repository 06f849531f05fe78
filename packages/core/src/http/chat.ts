/**
 * Endpoints that send a conversation to a model, in any dialect.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 * @see https://docs.anthropic.com/en/api/messages
 * @module
 */

import { type Dialect, dialects, framesOf } from "@llmproxy/proxy-core";
import type { Call, Clock, Handler, ProxyError } from "@llmproxy/spec";
import type { Exchange } from "./exchange.ts";
import { llmHeaders } from "./llm-headers.ts";
import { type ReadRequestOptions, readChatRequest } from "./read-request.ts";
import { writeReply } from "./write-reply.ts";

/** An endpoint of a dialect. */
export interface ChatEndpoint {
  /** Its path, which names it in logs and metrics too. */
  readonly path: string;
  readonly dialect: Dialect;
}

/** What the endpoints need. */
export interface ChatOptions extends ReadRequestOptions {
  readonly clock: Clock;
  readonly stallMs: number;
  /** Answers calls to models. */
  readonly callModel: Handler;
}

/**
 * Answers a chat request in the dialect it came in.
 *
 * @throws `ProxyError` as long as nothing has been answered
 */
export async function answerChat(
  exchange: Exchange,
  { path, dialect }: ChatEndpoint,
  options: ChatOptions,
): Promise<void> {
  const { request, response, signal } = exchange;
  const call = exchange.call(path, "completion:create", (aborted) =>
    readChatRequest(request, dialect, options, aborted),
  );
  const reply = await explained(call, options.callModel(call), exchange, options.clock);
  const { stream = false, chat } = call.request ?? {};
  const includeUsage = chat?.includeUsage ?? false;
  const frames = framesOf(reply, {
    dialect,
    dialects,
    stream,
    includeUsage,
    chat,
    createdAt: call.startedAt,
  });
  const answer = {
    status: reply.status,
    stream,
    frames,
    cancel: (reason: ProxyError) => reply.cancel(reason),
  };
  await writeReply(answer, response, {
    headers: llmHeaders(call, reply, options.clock.monotonic()),
    errorFrame: (error) => dialect.writeErrorFrame(error),
    clock: options.clock,
    signal,
    stallMs: options.stallMs,
  });
}

/** What a call leads to; a failure is when one wants to know what was tried, so its answer says it too. */
export function explained<T>(
  call: Call,
  answer: Promise<T>,
  { response }: Exchange,
  clock: Clock,
): Promise<T> {
  return answer.catch((reason: unknown) => {
    const headers = llmHeaders(call, undefined, clock.monotonic());
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    throw reason;
  });
}

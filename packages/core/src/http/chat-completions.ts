/**
 * `POST /v1/chat/completions`.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/create
 * @module
 */

import { type Dialect, dialects, framesOf, readJsonBody } from "@llmproxy/proxy-core";
import type { Clock, Handler, LlmRequest, ProxyError } from "@llmproxy/spec";
import type { Exchange, HttpRequest } from "./exchange.ts";
import { llmHeaders } from "./llm-headers.ts";
import { checkJsonContent, readBody } from "./read-body.ts";
import { writeReply } from "./write-reply.ts";

/** What the endpoint needs. */
export interface ChatOptions {
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  readonly stallMs: number;
  /** The model of requests that name none; they are refused when absent. */
  readonly defaultModel?: string | undefined;
  /** Answers calls to models. */
  readonly callModel: Handler;
}

/**
 * Answers a chat request in the dialect it came in.
 *
 * @throws `ProxyError` as long as nothing has been answered
 */
export async function answerChat(exchange: Exchange, dialect: Dialect, options: ChatOptions): Promise<void> {
  const { request, response, signal } = exchange;
  const call = exchange.call("/v1/chat/completions", "completion:create", (aborted) =>
    readChat(request, dialect, options, aborted),
  );
  const reply = await options.callModel(call).catch((reason: unknown) => {
    // A failure is when one wants to know what was tried.
    const headers = llmHeaders(call, undefined, options.clock.monotonic());
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    throw reason;
  });
  const { stream = false, chat } = call.request ?? {};
  const includeUsage = chat?.includeUsage ?? false;
  const frames = framesOf(reply, { dialect, dialects, stream, includeUsage, createdAt: call.startedAt });
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

async function readChat(
  request: HttpRequest,
  dialect: Dialect,
  { maxBodyBytes, defaultModel }: ChatOptions,
  signal: AbortSignal,
): Promise<LlmRequest> {
  checkJsonContent(request);
  const bytes = await readBody(request, maxBodyBytes, signal);
  const { json, body } = readJsonBody(bytes, { dialect: dialect.name });
  const named =
    json.model === undefined && defaultModel !== undefined ? { ...json, model: defaultModel } : json;
  const chat = dialect.readRequest(named);
  return { operation: "chat", model: chat.model, stream: chat.stream, chat, body };
}

/**
 * Answering a call with a JSON body of our own making.
 *
 * @module
 */

import { type Dialect, dialects, framesOf } from "@llmproxy/proxy-core";
import type { Call, Clock, Handler, JsonObject, ProxyError, Reply } from "@llmproxy/spec";
import { jsonReply } from "../json-reply.ts";
import type { Exchange } from "./exchange.ts";
import { writeReply } from "./write-reply.ts";

/** How a JSON answer is made and sent. */
export interface JsonAnswerOptions {
  readonly clock: Clock;
  readonly stallMs: number;
  /** The surface the answer belongs to. */
  readonly dialect: Dialect;
  /** The stages of the call. */
  readonly path: (answer: Handler) => Handler;
  /** Makes the body, behind the stages. @throws `ProxyError` when there is none */
  readonly body: (call: Call) => JsonObject | Promise<JsonObject>;
  /** Headers of the answer, made when the body is known; none when absent. */
  readonly headers?: (reply: Reply) => Readonly<Record<string, string>>;
}

/**
 * Runs a call through its stages and sends what it leads to.
 *
 * @throws `ProxyError` as long as nothing has been answered
 */
export async function answerJson(exchange: Exchange, call: Call, options: JsonAnswerOptions): Promise<void> {
  const { clock, stallMs, dialect } = options;
  const answer = options.path(async (admitted) => jsonReply(await options.body(admitted), dialect.name));
  const reply = await answer(call);
  const frames = framesOf(reply, { dialect, dialects, stream: false, includeUsage: false });
  await writeReply(
    { status: reply.status, stream: false, frames, cancel: (reason: ProxyError) => reply.cancel(reason) },
    exchange.response,
    {
      headers: options.headers?.(reply) ?? {},
      errorFrame: dialect.writeErrorFrame,
      clock,
      signal: exchange.signal,
      stallMs,
    },
  );
}

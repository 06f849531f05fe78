/**
 * `POST /v1/messages/count_tokens`.
 *
 * @see https://docs.anthropic.com/en/api/messages-count-tokens
 * @module
 */

import type { Dialect, TokenCounter } from "@llmproxy/proxy-core";
import type { Clock, Handler } from "@llmproxy/spec";
import { explained } from "./chat.ts";
import type { Exchange } from "./exchange.ts";
import { answerJson } from "./json-answer.ts";
import { llmHeaders } from "./llm-headers.ts";
import { type ReadRequestOptions, readCountRequest } from "./read-request.ts";
import { messagesPath } from "./surface.ts";

/** The endpoint's path. */
export const countTokensPath = `${messagesPath}/count_tokens`;

/** What the endpoint needs. */
export interface CountTokensOptions extends ReadRequestOptions {
  readonly clock: Clock;
  readonly stallMs: number;
  /** Wraps what answers a call whose request is to be read, but that asks no model for output. */
  readonly requestPath: (answer: Handler) => Handler;
  /** Counts the input of a call. */
  readonly countTokens: TokenCounter;
}

/**
 * Answers with the number of input tokens: the provider's own count where it has one, else an estimate, which
 * `x-llmproxy-estimated: true` says.
 *
 * @throws `ProxyError` as long as nothing has been answered
 */
export function answerCountTokens(
  exchange: Exchange,
  dialect: Dialect,
  options: CountTokensOptions,
): Promise<void> {
  const { clock, stallMs, requestPath: path } = options;
  const call = exchange.call(countTokensPath, "completion:create", (aborted) =>
    readCountRequest(exchange.request, dialect, options, aborted),
  );
  let isEstimated = false;
  const answered = answerJson(exchange, call, {
    clock,
    stallMs,
    dialect,
    path,
    async body(admitted) {
      const { tokens, estimated } = await options.countTokens(admitted);
      isEstimated = estimated;
      return { input_tokens: tokens };
    },
    headers: (reply) => ({
      ...llmHeaders(call, reply, clock.monotonic()),
      ...(isEstimated && { "x-llmproxy-estimated": "true" }),
    }),
  });
  return explained(call, answered, exchange, clock);
}

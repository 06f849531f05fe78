/**
 * How many tokens a request has, without an answer to it.
 *
 * @module
 */

import { type Call, ProxyError } from "@llmproxy/spec";
import { estimateInputTokens } from "../relay/estimate-usage.ts";
import { createTargetWalk, type RouterOptions, type TargetTry } from "./walk-targets.ts";

/** A count of input tokens. */
export interface TokenCountResult {
  readonly tokens: number;
  /** Whether it was estimated here because the vendor does not count. */
  readonly estimated: boolean;
}

/** Counts the tokens of a call's request. */
export type TokenCounter = (call: Call) => Promise<TokenCountResult>;

/**
 * Makes what counts tokens: the sibling of the router, for calls whose operation is `count-tokens`. Targets are
 * tried in the same way; the first whose vendor counts, or who has no such service and is estimated for, answers.
 *
 * @throws `model_not_found` when the model's name means nothing
 * @throws the signal's reason when it aborted
 */
export function createTokenCounter(options: RouterOptions): TokenCounter {
  const walk = createTargetWalk(options);
  return (call) =>
    walk.run(call, async (attempt) => {
      const result = await count(attempt);
      attempt.noteOutput();
      attempt.close("succeeded");
      return result;
    });
}

async function count({ provider, call }: TargetTry): Promise<TokenCountResult> {
  if (call.signal.aborted) throw ProxyError.from(call.signal.reason);
  try {
    if (provider.countTokens) return { tokens: await provider.countTokens(call), estimated: false };
  } catch (reason) {
    if (!isNoService(reason)) throw reason;
  }
  return { tokens: estimateInputTokens(call.request.chat), estimated: true };
}

/**
 * Whether a vendor has no such service: many that speak a dialect answer its conversations and nothing else. A 404 in
 * the dialect's own shape is about the model.
 */
function isNoService(reason: unknown): boolean {
  const { status, type } =
    (ProxyError.is(reason) && reason.code === "upstream_failed" && reason.vendor) || {};
  return status === 405 || status === 501 || (status === 404 && type === undefined);
}

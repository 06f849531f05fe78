/**
 * From an upstream's answer to a reply, in the dialect both sides speak.
 *
 * @module
 */

import { type ChatRequest, type FramesReply, ProxyError } from "@llmproxy/spec";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import { relayStream } from "./relay-stream.ts";
import { relayUnary } from "./relay-unary.ts";
import { type FailureOptions, readFailure } from "./vendor-failure.ts";

/** What a relay needs to know. */
export interface RelayReplyOptions extends FailureOptions {
  /** Whether a stream was asked for. */
  readonly stream: boolean;
  /** Whether to leave the usage-only frame out, because only we asked for it. */
  readonly dropUsage: boolean;
  /** What was asked: its size is estimated where the vendor does not report usage. */
  readonly chat: ChatRequest;
}

/**
 * Relays an answer. Frames go through as they came; resolves at the first output of a stream, or when a unary
 * answer is complete.
 *
 * @param response - taken over: it is read to the end or destroyed, whatever happens
 * @throws `upstream_auth` when the vendor answers 401 or 403
 * @throws `upstream_failed` with the vendor's status and message for its other errors, without a status for an
 *   answer that is none
 * @throws `upstream_cut` when the answer breaks off before its first output
 * @throws what {@link UpstreamResponse.read} throws
 */
export async function relayReply(
  response: UpstreamResponse,
  options: RelayReplyOptions,
): Promise<FramesReply> {
  try {
    if (response.status < 200 || response.status > 299) throw await readFailure(response, options);
    return await (options.stream ? relayStream(response, options) : relayUnary(response, options));
  } catch (reason) {
    response.destroy();
    throw ProxyError.from(reason);
  }
}

/**
 * What the transcoder works with.
 *
 * @module
 */

import type { RpcLimits, RpcRoutesOptions } from "@llmproxy/services";
import type { HttpRequest } from "../http/exchange.ts";

/** What the transcoder works with: the same as every driver of RPCs, and what only HTTP needs. */
export interface TranscoderOptions extends Omit<RpcRoutesOptions, "limits"> {
  readonly limits?: Partial<Pick<RpcLimits, "maxCallBytes" | "maxOperationBytes">>;
  /** Tells whose request it is; the address of the connection when absent. */
  readonly clientAddress?: (request: HttpRequest) => string | undefined;
  /** How long a client may neither read nor send what is waited for, in milliseconds; 30 s when absent. */
  readonly stallMs?: number;
  /** After how much silence of a stream a comment is sent, in milliseconds; 15 s when absent. */
  readonly keepAliveMs?: number;
}

/**
 * Reading a vendor's error answer.
 *
 * @module
 */

import { type Clock, ProxyError } from "@llmproxy/spec";
import type { Dialect } from "../dialects/dialect.ts";
import type { UpstreamResponse } from "../http/exchange.ts";
import { readBody } from "../http/read-body.ts";
import { readRetryAfter } from "./retry-after.ts";
import { type Scrubber, scrubError } from "./scrub.ts";

/** What reading an error answer needs to know. */
export interface FailureOptions {
  /** The provider's configured name, for messages. */
  readonly provider: string;
  readonly dialect: Dialect;
  /** The signal the exchange was made with. */
  readonly signal: AbortSignal;
  /** Takes secrets out of what the vendor writes about failures. */
  readonly scrub: Scrubber;
  readonly clock: Clock;
}

const maxErrorBytes = 65_536;

/**
 * The failure an error answer tells of. What the vendor says about our credentials is for the log: to the
 * client they are none of its business, and its own are fine.
 *
 * @throws the signal's reason when it aborted
 */
export async function readFailure(response: UpstreamResponse, options: FailureOptions): Promise<ProxyError> {
  const { provider, dialect, scrub, clock } = options;
  const { status } = response;
  const told = dialect.readError(status, await readErrorBody(response, options));
  const failure = scrubError(told, scrub, readRetryAfter(response.headers, clock.now()));
  if (status === 401 || status === 403)
    return new ProxyError(
      "upstream_auth",
      `provider "${provider}" refused the credentials configured for it`,
      {
        cause: failure,
      },
    );
  return failure;
}

/** As much of the body as there is: the status alone tells enough to go on. */
async function readErrorBody(response: UpstreamResponse, { signal }: FailureOptions): Promise<Uint8Array> {
  try {
    return (await readBody(response, maxErrorBytes)).bytes;
  } catch (reason) {
    if (signal.aborted) throw reason;
    return new Uint8Array();
  }
}

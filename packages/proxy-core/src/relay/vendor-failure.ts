/**
 * Reading a vendor's error answer.
 *
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import { type Clock, type JsonObject, ProxyError } from "@llmproxy/spec";
import type { Dialect } from "../dialects/dialect.ts";
import { readBody } from "../http/read-body.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import { isObject } from "../json/value.ts";
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

/**
 * The failure an answer tells of that should have been a stream: the vendor's own words if they are JSON.
 *
 * @throws the signal's reason when it aborted
 */
export async function readNoStream(response: UpstreamResponse, options: FailureOptions): Promise<ProxyError> {
  const { provider, dialect, scrub, clock } = options;
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(response.headers["content-type"] ?? "");
  const json = isJson ? readObject(await readErrorBody(response, options)) : undefined;
  const told = json && dialect.readReplyError(json);
  if (told) return scrubError(told, scrub, readRetryAfter(response.headers, clock.now()));
  return new ProxyError("upstream_failed", `provider "${provider}" did not answer with an event stream`);
}

/** The JSON object in a body; undefined when it is none. */
export function readObject(body: Uint8Array): JsonObject | undefined {
  if (!isUtf8(body)) return undefined;
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // The caller says what was wanted.
    return undefined;
  }
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

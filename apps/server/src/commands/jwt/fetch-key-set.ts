/**
 * Fetching the key set of an issuer, as the server would.
 *
 * @module
 */

import { maxJwksBytes, type RemoteKeys } from "@llmproxy/auth";
import { createDeadline, fetchDocument } from "@llmproxy/proxy-core";
import { systemClock } from "@llmproxy/spec";
import { keepingAlive } from "../keep-alive.ts";

const fetchTimeoutMs = 5_000;

/** Fetches the key set of an issuer. @throws `ProxyError` when it cannot be had within 5 s */
export async function fetchKeySet({ url, allowPrivate }: RemoteKeys): Promise<Buffer> {
  const parent = new AbortController().signal;
  const deadline = createDeadline({ parent, timeoutMs: fetchTimeoutMs, clock: systemClock });
  try {
    return await keepingAlive(
      fetchDocument({
        url,
        name: new URL(url).host,
        accept: "application/jwk-set+json, application/json",
        maxBytes: maxJwksBytes,
        allowPrivate,
        signal: deadline.signal,
      }),
    );
  } finally {
    deadline.release();
  }
}

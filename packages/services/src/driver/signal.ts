/**
 * Waiting that ends when a client leaves.
 *
 * @module
 */

import { Code, ConnectError } from "@connectrpc/connect";
import { ProxyError } from "@llmproxy/spec";

/**
 * The signal of an RPC with a `ProxyError` as its reason. It also aborts when the RPC has been answered.
 *
 * @param signal - Connect's: aborts for a client that leaves, a deadline, a shutdown and the end
 * @param shutdownSignal - tells a shutdown from the rest
 */
export function rpcSignal(signal: AbortSignal, shutdownSignal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(abortReason(signal.reason, shutdownSignal));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return controller.signal;
}

function abortReason(reason: unknown, shutdownSignal: AbortSignal | undefined): ProxyError {
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded)
    return new ProxyError("deadline_exceeded", "the deadline passed");
  if (shutdownSignal?.aborted) return new ProxyError("unavailable", "the server is shutting down");
  return new ProxyError("canceled", "the client canceled the request");
}

/**
 * Waits for a promise, but not longer than a signal allows.
 *
 * @throws the signal's reason as soon as it aborts
 */
export async function untilAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * A handler's stream on its way to the client.
 *
 * @module
 */

import type { RpcOutput } from "../rpc.ts";
import type { RpcContext } from "../rpc-context.ts";

/** What is noted of the RPC; `fail` tells what the stream ends with. */
export interface ObservedRun {
  /** @throws the signal's reason when nobody waits for an answer any more */
  handOver(): RpcContext;
  succeed(): void;
  fail(reason: unknown): Error;
}

/**
 * Passes a stream through and takes note of how it ends.
 *
 * An iterator by hand, because of what Connect does to it: `throw` when a write fails, which must close the
 * handler's generator although that would not see it coming, and `return` before the first `next`.
 *
 * @param open - makes the stream at the first `next`
 */
export function observeStream(
  run: ObservedRun,
  open: (context: RpcContext) => AsyncIterable<RpcOutput>,
): AsyncIterableIterator<RpcOutput> {
  let source: AsyncIterator<RpcOutput> | undefined;
  const close = async (): Promise<IteratorResult<RpcOutput>> => {
    await source?.return?.();
    return { done: true, value: undefined };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        source ??= open(run.handOver())[Symbol.asyncIterator]();
        const result = await source.next();
        if (result.done) run.succeed();
        return result;
      } catch (reason) {
        throw run.fail(reason);
      }
    },
    return: close,
    async throw(reason) {
      // What closing finds wrong matters to nobody any more: the client is told `reason`.
      await close().catch(() => undefined);
      throw reason;
    },
  };
}

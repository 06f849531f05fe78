import { describe, expect, it } from "vitest";
import type { RpcOutput } from "../rpc.ts";
import type { RpcContext } from "../rpc-context.ts";
import { observeStream } from "./observe-stream.ts";

/** A stream of numbers, and everything that happened around it. */
function observed(source: () => AsyncIterable<RpcOutput>) {
  const events: string[] = [];
  const run = {
    handOver: () => ({}) as RpcContext,
    succeed: () => void events.push("succeeded"),
    fail(reason: unknown) {
      events.push(`failed: ${reason}`);
      return reason as never;
    },
  };
  const stream = observeStream(run, () => {
    events.push("opened");
    return source();
  });
  return { stream, events, source };
}

async function* numbers(events: string[], ...values: unknown[]) {
  try {
    for (const value of values) {
      if (value instanceof Error) throw value;
      yield { value };
    }
  } finally {
    events.push("closed");
  }
}

describe("observeStream", () => {
  it("passes everything on and notes the end once", async () => {
    const { stream, events } = observed(() => numbers(events, 1, 2));
    expect(await Array.fromAsync(stream)).toEqual([{ value: 1 }, { value: 2 }]);
    expect(events).toEqual(["opened", "closed", "succeeded"]);
  });

  it("notes a failure after what came before it", async () => {
    const { stream, events } = observed(() => numbers(events, 1, new Error("cut")));
    await stream.next();
    await expect(stream.next()).rejects.toThrow("cut");
    expect(events).toEqual(["opened", "closed", "failed: Error: cut"]);
  });

  it("notes a handler that fails before there is a stream", async () => {
    const { stream, events } = observed(() => {
      throw new Error("no stream");
    });
    await expect(stream.next()).rejects.toThrow("no stream");
    expect(events).toEqual(["opened", "failed: Error: no stream"]);
  });

  it("opens nothing for a client that leaves before the first message", async () => {
    const { stream, events } = observed(() => numbers(events, 1));
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    expect(events).toEqual([]);
  });

  it("closes what a client does not read to the end", async () => {
    const { stream, events } = observed(() => numbers(events, 1, 2));
    for await (const _ of stream) break;
    expect(events).toEqual(["opened", "closed"]);
  });

  it("closes the handler's generator when a message cannot be written", async () => {
    const { stream, events } = observed(() => numbers(events, 1, 2));
    await stream.next();
    await expect(stream.throw?.(new Error("write failed"))).rejects.toThrow("write failed");
    expect(events).toEqual(["opened", "closed"]);
  });

  it("reports the failed write even if closing fails too", async () => {
    const { stream } = observed(() => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: {} }),
        return: () => Promise.reject(new Error("close failed")),
      }),
    }));
    await stream.next();
    await expect(stream.throw?.(new Error("write failed"))).rejects.toThrow("write failed");
  });
});

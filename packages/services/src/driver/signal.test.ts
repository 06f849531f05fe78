import { Code, ConnectError } from "@connectrpc/connect";
import { expectNoLeaks } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { rpcSignal, untilAbort } from "./signal.ts";

describe("rpcSignal", () => {
  const deadline = new ConnectError("the operation timed out", Code.DeadlineExceeded);
  const reset = new ConnectError("http/2 stream closed", Code.Canceled);

  it.each<[string, unknown, boolean, string]>([
    ["a deadline", deadline, false, "deadline_exceeded"],
    ["a deadline during a shutdown", deadline, true, "deadline_exceeded"],
    ["a shutdown", new DOMException("aborted", "AbortError"), true, "unavailable"],
    ["a client that leaves", undefined, false, "canceled"],
    ["a client that resets its stream", reset, false, "canceled"],
  ])("gives %s its reason", (_what, reason, isShutdown, code) => {
    const client = new AbortController();
    const shutdown = new AbortController();
    const signal = rpcSignal(client.signal, shutdown.signal);
    expect(signal.aborted).toBe(false);
    if (isShutdown) shutdown.abort();
    client.abort(reason);
    expect(signal.reason).toMatchObject({ name: "ProxyError", code });
  });

  it("is aborted from the start when the deadline passed on the way", () => {
    expect(rpcSignal(AbortSignal.abort(deadline), undefined).reason).toMatchObject({
      code: "deadline_exceeded",
    });
  });
});

describe("untilAbort", () => {
  const never = new Promise<never>(() => undefined);

  it("is the promise as long as nobody aborts", async () => {
    const { signal } = new AbortController();
    expect(await untilAbort(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAbort(Promise.reject(new Error("x")), signal)).rejects.toThrow("x");
  });

  it("ends with the reason of the signal", async () => {
    const controller = new AbortController();
    const waiting = untilAbort(never, controller.signal);
    controller.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await expect(untilAbort(Promise.resolve(1), controller.signal)).rejects.toThrow("left");
  });

  it("leaves no listener behind", async () => {
    const { signal } = new AbortController();
    await expectNoLeaks(() => untilAbort(Promise.resolve(1), signal), { signals: [signal] });
  });
});

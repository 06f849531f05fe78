import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable } from "./abortable.ts";

const never = new Promise<never>(() => {});

describe("abortable", () => {
  it("passes on a value or a failure and leaves no listener", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error("broken")), signal)).rejects.toThrow("broken");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("gives up with the signal's reason", async () => {
    const controller = new AbortController();
    const waiting = abortable(never, controller.signal);
    controller.abort(new Error("the client left"));
    await expect(waiting).rejects.toThrow("the client left");
    await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toThrow("the client left");
  });
});

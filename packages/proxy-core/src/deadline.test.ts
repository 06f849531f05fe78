import { getEventListeners } from "node:events";
import { ProxyError } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createDeadline } from "./deadline.ts";

const left = new ProxyError("canceled", "the client left");

function start() {
  const clock = createFakeClock();
  const parent = new AbortController();
  const deadline = createDeadline({ parent: parent.signal, timeoutMs: 1_000, clock });
  const isClean = () => clock.pending === 0 && getEventListeners(parent.signal, "abort").length === 0;
  return { clock, parent, deadline, isClean };
}

describe("createDeadline", () => {
  it("aborts when time is up", async () => {
    const { clock, deadline, isClean } = start();
    await clock.advance(999);
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.signal.reason).toMatchObject({
      code: "deadline_exceeded",
      message: "the deadline of 1 s passed",
    });
    expect(isClean()).toBe(true);
  });

  it("aborts with its parent, for the parent's reason", () => {
    const { parent, deadline, isClean } = start();
    parent.abort(left);
    expect(deadline.signal.reason).toBe(left);
    expect(isClean()).toBe(true);
  });

  it("has aborted when its parent has", () => {
    const clock = createFakeClock();
    const deadline = createDeadline({ parent: AbortSignal.abort(left), timeoutMs: 1_000, clock });
    expect(deadline.signal.reason).toBe(left);
    expect(clock.pending).toBe(0);
  });

  it("keeps its first reason", async () => {
    const { clock, parent, deadline } = start();
    await clock.advance(1_000);
    parent.abort(left);
    expect(deadline.signal.reason).toMatchObject({ code: "deadline_exceeded" });
  });

  it("never aborts once it is released", async () => {
    const { clock, parent, deadline, isClean } = start();
    deadline.release();
    expect(isClean()).toBe(true);
    parent.abort(left);
    await clock.advance(2_000);
    expect(deadline.signal.aborted).toBe(false);
  });
});

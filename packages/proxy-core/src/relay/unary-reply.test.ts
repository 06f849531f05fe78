import { noUsage, ProxyError, type ReplyEnd } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createUnaryReply } from "./unary-reply.ts";

const body = Buffer.from("{}");
const end: ReplyEnd = { outcome: "finished", usage: { ...noUsage, inputTokens: 3 }, finishReason: "stop" };

function start() {
  const reply = createUnaryReply({ status: 200, headers: { a: "b" }, dialect: "openai-chat", body, end });
  const ends: ReplyEnd[] = [];
  reply.onEnd((seen) => ends.push(seen));
  return { reply, ends };
}

describe("createUnaryReply", () => {
  it("is one frame, and ends when that is taken", async () => {
    const { reply, ends } = start();
    expect(reply).toMatchObject({ form: "frames", status: 200, headers: { a: "b" }, stream: false });
    expect(ends).toEqual([]);
    expect(await reply.frames.next()).toEqual({ done: false, value: body });
    expect(ends).toEqual([end]);
    expect(await reply.frames.next()).toEqual({ done: true, value: undefined });
    expect(ends).toEqual([end]);
  });

  it("can be iterated with for await", async () => {
    const { reply } = start();
    const seen: Uint8Array[] = [];
    for await (const frame of reply.frames) seen.push(frame);
    expect(seen).toEqual([body]);
  });

  it.each([
    ["canceled", "canceled"],
    ["deadline_exceeded", "timed-out"],
    ["unavailable", "canceled"],
  ] as const)("ends with its usage when it is canceled for %s", async (code, outcome) => {
    const { reply, ends } = start();
    const reason = new ProxyError(code, "x");
    reply.cancel(reason);
    reply.cancel(new ProxyError("canceled", "again"));
    expect(ends).toEqual([{ ...end, outcome, error: reason }]);
    await expect(reply.frames.next()).rejects.toBe(reason);
  });

  it("is canceled when its reader leaves before it has begun", async () => {
    const { reply, ends } = start();
    await reply.frames.return?.();
    expect(ends).toMatchObject([{ outcome: "canceled" }]);
  });

  it("is not canceled when its reader leaves after it has read everything", async () => {
    const { reply, ends } = start();
    await reply.frames.next();
    await reply.frames.return?.();
    reply.cancel(new ProxyError("canceled", "x"));
    expect(ends).toEqual([end]);
  });
});

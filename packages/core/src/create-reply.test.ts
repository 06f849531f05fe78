import { noUsage, type Part, type Provider, ProxyError, type ReplyEnd } from "@llmproxy/spec";
import { until } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createLlmProxy, type LlmProxy } from "./create-llm-proxy.ts";
import { createReply } from "./create-reply.ts";

const start: Part = { type: "start", id: "a1", model: "m" };
const text = (word: string): Part => ({ type: "text-delta", choice: 0, text: word });
const finish: Part = { type: "finish", choice: 0, reason: "stop" };
const usage: Part = { type: "usage", usage: { ...noUsage, outputTokens: 2 } };
const never = new AbortController().signal;

function replyOf(parts: Iterable<Part> | AsyncIterable<Part>, signal = never) {
  const reply = createReply(parts, { stream: true, signal });
  if (reply.form !== "parts") throw new Error("expected parts");
  const ends: ReplyEnd[] = [];
  reply.onEnd((end) => ends.push(end));
  return { reply, parts: reply.parts, ends };
}

/** A generator that tells whether it was left, and waits for ever behind its parts. */
function waiting(given: readonly Part[]) {
  const seen = { left: false };
  async function* parts(): AsyncGenerator<Part> {
    try {
      yield* given;
      await new Promise(() => {});
    } finally {
      seen.left = true;
    }
  }
  return { seen, parts: parts() };
}

describe("createReply", () => {
  it("gives the parts and ends as finished, with what was used", async () => {
    const { parts, ends } = replyOf([start, text("a"), finish, usage]);
    expect(await Array.fromAsync(parts)).toEqual([start, text("a"), finish, usage]);
    expect(ends).toEqual([
      { outcome: "finished", finishReason: "stop", usage: { ...noUsage, outputTokens: 2 } },
    ]);
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  it("takes an end without a finish for a cut", async () => {
    const { parts, ends } = replyOf([start, text("a")]);
    await expect(Array.fromAsync(parts)).rejects.toMatchObject({ code: "upstream_cut" });
    expect(ends).toMatchObject([{ outcome: "upstream-cut" }]);
  });

  it.each([
    [new ProxyError("overloaded", "too much"), "overloaded", "failed"],
    [new ProxyError("deadline_exceeded", "too late"), "deadline_exceeded", "timed-out"],
    [new Error("a secret of the house"), "internal", "failed"],
  ])("ends with what the source throws: %s", async (thrown, code, outcome) => {
    const { parts, ends } = replyOf(
      (async function* () {
        yield start;
        throw thrown;
      })(),
    );
    await expect(Array.fromAsync(parts)).rejects.toMatchObject({ code });
    await expect(parts.next()).rejects.toMatchObject({ code });
    expect(ends).toMatchObject([{ outcome, error: { code } }]);
  });

  it("ends at once when the signal aborts, however long the source would wait", async () => {
    const leaving = new AbortController();
    const { parts, ends } = replyOf(waiting([start]).parts, leaving.signal);
    await parts.next();
    const next = parts.next();
    leaving.abort(new ProxyError("canceled", "the client left"));
    await expect(next).rejects.toMatchObject({ code: "canceled" });
    expect(ends).toMatchObject([{ outcome: "canceled" }]);
  });

  it.each(["return", "cancel"] as const)("tells the source when nobody reads on (%s)", async (way) => {
    const { seen, parts: source } = waiting([start, text("a")]);
    const { reply, parts, ends } = replyOf(source);
    await parts.next();
    if (way === "return") await parts.return?.();
    else reply.cancel(new ProxyError("canceled", "enough"));
    await until(() => seen.left);
    expect(ends).toMatchObject([{ outcome: "canceled" }]);
    reply.cancel(new ProxyError("internal", "a second one does nothing"));
    expect(ends).toHaveLength(1);
  });

  it("has ended when the call was over before", async () => {
    const { parts, ends } = replyOf([start], AbortSignal.abort(new ProxyError("canceled", "left")));
    expect(ends).toMatchObject([{ outcome: "canceled" }]);
    await expect(parts.next()).rejects.toMatchObject({ code: "canceled" });
  });
});

describe("a provider of the application's own", () => {
  const house: Provider = {
    name: "house",
    kind: "house",
    call: async ({ id, model, request, signal }) =>
      createReply([{ ...start, id, model } as Part, text("at your "), text("service"), finish, usage], {
        stream: request.stream,
        signal,
      }),
    models: () => [{ id: "butler", provider: "house", aliases: [] }],
    close: async () => {},
  };

  async function withHouse(run: (proxy: LlmProxy) => Promise<void>): Promise<void> {
    const proxy = await createLlmProxy({ providers: [house] });
    await run(proxy).finally(() => proxy.close());
  }

  it.each([
    ["/v1/chat/completions", false, { choices: [{ message: { content: "at your service" } }] }],
    ["/v1/messages", false, { content: [{ type: "text", text: "at your service" }] }],
    ["/v1/chat/completions", true, undefined],
    ["/v1/messages", true, undefined],
  ])("answers %s, as a stream: %s", (path, stream, shape) =>
    withHouse(async (proxy) => {
      const messages = [{ role: "user", content: "hello" }];
      const answer = await proxy.fetch(
        new Request(`http://host${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "butler", max_tokens: 9, stream, messages }),
        }),
      );
      expect(answer.status).toBe(200);
      if (shape) expect(await answer.json()).toMatchObject(shape);
      else expect(await answer.text()).toMatch(/at your [\s\S]*service[\s\S]*(\[DONE\]|message_stop)/);
    }),
  );
});

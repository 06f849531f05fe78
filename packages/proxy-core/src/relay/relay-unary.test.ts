import type { FramesReply, ReplyEnd } from "@llmproxy/spec";
import { Secret } from "@llmproxy/spec";
import {
  type Answer,
  createFakeClock,
  createFakeUpstream,
  type FakeUpstream,
  jsonAnswer,
  loadRecordings,
  openaiError,
  until,
} from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openaiChat } from "../dialects/openai-chat/index.ts";
import { createUpstreamClient, type UpstreamClient } from "../http/upstream-client.ts";
import { relayReply } from "./relay.ts";
import { createScrubber } from "./scrub.ts";

let upstream: FakeUpstream;
let client: UpstreamClient;

beforeEach(async () => {
  upstream = await createFakeUpstream();
  client = createUpstreamClient({ provider: "fake", baseUrl: upstream.url, allowPrivate: true });
});

afterEach(async () => {
  client.close();
  await upstream.close();
});

async function relay(answer: Answer, stream = false): Promise<FramesReply> {
  upstream.respond(answer);
  const { signal } = new AbortController();
  const response = await client.request({ method: "POST", path: "/", headers: {}, body: [], signal });
  return relayReply(response, {
    provider: "fake",
    dialect: openaiChat,
    stream,
    dropUsage: false,
    chat: { model: "m", messages: [], sampling: {}, stream, includeUsage: false },
    signal,
    clock: createFakeClock(),
    scrub: createScrubber([new Secret("our-own-upstream-key")]),
  });
}

const completion = {
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};

describe("relaying a unary answer", () => {
  it("passes its bytes on unchanged, white space and large numbers included", async () => {
    const body = `{ "seed" : 12345678901234567890,\n ${JSON.stringify(completion).slice(1)}`;
    const reply = await relay({ body, headers: { "content-type": "application/json", "set-cookie": "a=b" } });
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    expect(reply).toMatchObject({ form: "frames", status: 200, stream: false, dialect: "openai-chat" });
    expect(reply.headers).toEqual({ "content-type": "application/json" });
    const { value } = await reply.frames.next();
    expect(Buffer.from(value ?? []).toString()).toBe(body);
    expect(ends).toMatchObject([
      { outcome: "finished", finishReason: "stop", usage: { inputTokens: 5, outputTokens: 2 } },
    ]);
    expect((await reply.frames.next()).done).toBe(true);
  });

  it.each(loadRecordings("openai-chat").filter((recording) => recording.kind === "unary"))(
    "passes the recording $name on, or its error",
    async ({ json }) => {
      if ("error" in JSON.parse(json)) {
        await expect(relay({ body: json })).rejects.toMatchObject({ code: "upstream_failed" });
        return;
      }
      const { value } = await (await relay({ body: json })).frames.next();
      expect(Buffer.from(value ?? []).toString()).toBe(json);
    },
  );

  it("has released the upstream when it resolves", async () => {
    const first = await relay(jsonAnswer(completion));
    await relay(jsonAnswer(completion));
    expect(upstream.connections).toBe(1);
    await first.frames.return?.();
  });

  it.each([
    ["truncated JSON", '{"id":"c1","choi'],
    ["HTML", "<html>busy</html>"],
    ["nothing", ""],
    ["an array", "[]"],
    ["a string", '"ok"'],
    ["null", "null"],
    ["a stream", 'data: {"choices":[]}\n\ndata: [DONE]\n\n'],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])("refuses %s", async (_, body) => {
    await expect(relay({ body })).rejects.toMatchObject({
      code: "upstream_failed",
      status: 502,
      message: 'provider "fake" answered with what is not a JSON object',
    });
  });

  it("does not choke on deep nesting", async () => {
    const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    const body = `{"extra":${deep},${JSON.stringify(completion).slice(1)}`;
    expect((await (await relay({ body })).frames.next()).done).toBe(false);
  });

  it.each(["cut", "reset"] as const)("is cut when the body is %s", async (kind) => {
    const answer = { ...jsonAnswer(completion), fault: { kind, afterBytes: 40 } };
    await expect(relay(answer)).rejects.toMatchObject({ code: "upstream_cut" });
  });

  it("refuses more than 64 MiB and closes the connection", async () => {
    const chunk = Buffer.alloc(1_048_576, " ");
    await expect(
      relay({
        stream: Array.from({ length: 200 }, () => chunk),
        headers: { "content-type": "application/json" },
      }),
    ).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" answered with more than 64 MiB',
    });
    await until(() => upstream.openConnections === 0);
  });

  it.each([
    ['{"error":"model not loaded"}', { message: "model not loaded", status: 502 }],
    ['{"error":{"message":"slow","code":429}}', { message: "slow", status: 429 }],
    ['{"object":"error","message":"busy","code":503}', { message: "busy", status: 503 }],
    ["{}", { message: 'provider "fake" answered with what is no chat answer', status: 502 }],
    ['{"choices":null}', { message: 'provider "fake" answered with what is no chat answer', status: 502 }],
    ['{"choices":{}}', { message: 'provider "fake" answered with what is no chat answer', status: 502 }],
  ])("takes %s for a failure", async (body, expected) => {
    await expect(relay({ body })).rejects.toMatchObject({ code: "upstream_failed", ...expected });
  });

  it("passes an answer on whose error is null", async () => {
    const reply = await relay(jsonAnswer({ ...completion, error: null }));
    expect((await reply.frames.next()).done).toBe(false);
  });

  it("takes an error that comes with status 200 for one", async () => {
    const error = { message: "no credits for our-own-upstream-key", code: 402 };
    await expect(relay(jsonAnswer({ error }))).rejects.toMatchObject({
      code: "upstream_failed",
      message: "no credits for [secret]",
      vendor: { code: 402 },
    });
  });
});

describe("relaying an error answer", () => {
  it.each([400, 404, 409, 422, 429, 500, 503, 529])("keeps the vendor's %d and its words", async (status) => {
    for (const stream of [false, true]) {
      const answer = openaiError(
        { message: "as the vendor says", type: "some_type", code: "some_code" },
        { status },
      );
      await expect(relay(answer, stream)).rejects.toMatchObject({
        code: "upstream_failed",
        status,
        message: "as the vendor says",
        vendor: { status, type: "some_type", code: "some_code" },
      });
    }
  });

  it.each([401, 403])("tells nobody what the vendor says about our credentials with %d", async (status) => {
    const message = "Incorrect API key provided: our-own-upstream-key. You can find yours at …";
    const failure = await relay(openaiError({ message }, { status })).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "upstream_auth",
      status: 502,
      message: 'provider "fake" refused the credentials configured for it',
      vendor: undefined,
    });
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(
      "our-own-upstream-key",
    );
  });

  it("takes our key out of what it passes on", async () => {
    const answer = openaiError(
      { message: "bad our-own-upstream-key and sk-abcdefgh12345678" },
      { status: 400 },
    );
    await expect(relay(answer)).rejects.toMatchObject({ message: "bad [secret] and [secret]" });
  });

  it.each([
    ["retry-after", "20", 20_000],
    ["retry-after-ms", "150", 150],
    ["retry-after", "Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
  ])("keeps how long to wait: %s: %s", async (name, value, retryAfterMs) => {
    const answer = openaiError({ message: "slow down" }, { status: 429, headers: { [name]: value } });
    await expect(relay(answer)).rejects.toMatchObject({ retryAfterMs });
  });

  it("does with the status alone where the body is no help", async () => {
    for (const body of ["", "<html>bad gateway</html>", Buffer.alloc(200_000, "x")])
      await expect(relay({ status: 503, body })).rejects.toMatchObject({
        code: "upstream_failed",
        status: 503,
      });
    const cut = { status: 503, body: "{}", fault: { kind: "cut" as const, afterBytes: 1 } };
    await expect(relay(cut)).rejects.toMatchObject({ code: "upstream_failed", status: 503 });
  });

  it("reads no more of an error than 64 KiB", async () => {
    const chunk = Buffer.alloc(65_536, "x");
    const stream = Array.from({ length: 1_000 }, () => chunk);
    await expect(relay({ status: 500, stream })).rejects.toMatchObject({ status: 500 });
    await until(() => upstream.openConnections === 0);
    expect(upstream.requests[0]?.bytesSent).toBeLessThan(60 * 1_048_576);
  });
});

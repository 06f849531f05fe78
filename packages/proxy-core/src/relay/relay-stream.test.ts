import { type ChatRequest, type FramesReply, ProxyError, type ReplyEnd } from "@llmproxy/spec";
import {
  anthropicEvent,
  anthropicEventStream,
  createFakeClock,
  loadRecording,
  loadRecordings,
  openaiEventStream,
} from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { anthropicMessages } from "../dialects/anthropic-messages/index.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { openaiChat } from "../dialects/openai-chat/index.ts";
import { cutError } from "../http/upstream-error.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import { anthropicStreams } from "../test-support/anthropic-recordings.ts";
import { relayReply } from "./relay.ts";
import { createScrubber } from "./scrub.ts";

/** How a scripted body goes on after its chunks: HTTP ends, the transport breaks, or nothing more comes. */
type BodyEnd = "complete" | "cut" | "open";

interface ScriptedResponse extends UpstreamResponse {
  readonly destroyed: boolean;
  /** Chunks that were read. */
  readonly reads: number;
  /** Fails the body now, as an abort or a timeout does. */
  fail(error: ProxyError): void;
}

/** An upstream's answer in memory. */
function responseOf(
  chunks: readonly (string | Uint8Array)[],
  end: BodyEnd = "complete",
  headers: Readonly<Record<string, string>> = { "content-type": "text/event-stream" },
): ScriptedResponse {
  const listeners: ((error: ProxyError) => void)[] = [];
  const closed = Promise.withResolvers<undefined>();
  closed.promise.catch(() => {});
  let failure: ProxyError | undefined;
  const response = {
    status: 200,
    headers,
    complete: end === "complete",
    destroyed: false,
    reads: 0,
    async read() {
      if (failure) throw failure;
      if (response.destroyed) return undefined;
      const chunk = chunks[response.reads];
      response.reads += 1;
      if (chunk !== undefined) return Buffer.from(chunk);
      if (end === "open") return closed.promise;
      if (end === "cut") throw cutError("fake", "in the middle of its answer");
      return undefined;
    },
    onFailure: (listener: (error: ProxyError) => void) => listeners.push(listener),
    destroy(error?: ProxyError) {
      response.destroyed = true;
      if (error) closed.reject(error);
      else closed.resolve(undefined);
    },
    fail(error: ProxyError) {
      failure = error;
      closed.reject(error);
      for (const listener of listeners) listener(error);
    },
  };
  return response;
}

const chat: ChatRequest = {
  model: "m",
  messages: [{ role: "user", content: [{ type: "text", text: "How are you?" }] }],
  sampling: {},
  stream: true,
  includeUsage: false,
};

function start(
  response: UpstreamResponse,
  { dropUsage = false, signal = new AbortController().signal, dialect = openaiChat } = {},
) {
  const clock = createFakeClock();
  const options = { provider: "fake", dialect, stream: true, dropUsage, signal, clock, chat };
  return { clock, reply: relayReply(response, { ...options, scrub: createScrubber([]) }) };
}

interface Relayed {
  readonly text: string;
  readonly end: ReplyEnd | undefined;
  readonly ends: number;
  readonly error: unknown;
}

/** Relays to the end, whichever it is. */
async function relay(
  response: UpstreamResponse,
  options?: { dropUsage?: boolean; dialect?: Dialect },
): Promise<Relayed> {
  try {
    return await drain(await start(response, options).reply);
  } catch (error) {
    return { text: "", end: undefined, ends: 0, error };
  }
}

async function drain(reply: FramesReply): Promise<Relayed> {
  let text = "";
  const ends: ReplyEnd[] = [];
  reply.onEnd((end) => ends.push(end));
  try {
    for await (const frames of reply.frames) text += Buffer.from(frames).toString("latin1");
    return { text, end: ends[0], ends: ends.length, error: undefined };
  } catch (error) {
    return { text, end: ends[0], ends: ends.length, error };
  }
}

const chunk = (delta: object, more: object = {}, choice: object = {}) =>
  `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null, ...choice }], ...more })}\n\n`;
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const role = chunk({ role: "assistant", content: "" });
const hello = chunk({ content: "Hello" });
const finish = chunk({}, {}, { finish_reason: "stop" });
const usageOnly = `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage })}\n\n`;
const done = "data: [DONE]\n\n";
const whole = role + hello + finish + usageOnly + done;
const vendorError =
  'data: {"error":{"message":"overloaded sk-abcdefgh12345678","type":"server_error","code":null}}\n\n';

describe("relaying a stream", () => {
  it("passes frames through byte by byte, and ends finished with usage and finish reason", async () => {
    const relayed = await relay(responseOf([role, hello, finish, usageOnly, done]));
    expect(relayed.text).toBe(whole);
    expect(relayed.end).toMatchObject({
      outcome: "finished",
      finishReason: "stop",
      usage: { inputTokens: 5, outputTokens: 2 },
    });
    expect(relayed.end).not.toHaveProperty("error");
    expect(relayed.ends).toBe(1);
  });

  it.each(loadRecordings("openai-chat").filter((recording) => recording.kind === "stream"))(
    "passes the recording $name through whatever pieces it comes in",
    async ({ chunks }) => {
      const bytes = openaiEventStream(chunks);
      for (const size of [1, 7, 100, 1_000, 65_536]) {
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const relayed = await relay(responseOf(pieces));
        expect(relayed.text === bytes.toString("latin1")).toBe(true);
        expect(relayed.end?.outcome).toBe("finished");
      }
    },
  );

  it("gives status, dialect and the headers a client may see", async () => {
    const headers = { "content-type": "text/event-stream", "set-cookie": "a=b", "x-request-id": "r" };
    const reply = await start(responseOf([whole], "complete", headers)).reply;
    expect(reply).toMatchObject({ form: "frames", status: 200, stream: true, dialect: "openai-chat" });
    expect(reply.headers).toEqual({ "content-type": "text/event-stream", "x-upstream-request-id": "r" });
    reply.cancel(new ProxyError("canceled", "x"));
  });

  it("leaves the usage frame out when told to, and still reports usage", async () => {
    const relayed = await relay(responseOf([role, hello, finish, usageOnly, done]), { dropUsage: true });
    expect(relayed.text).toBe(role + hello + finish + done);
    expect(relayed.end).toMatchObject({ outcome: "finished", usage: { inputTokens: 5 } });
  });

  it("hands on the very bytes it was given", async () => {
    const bytes = Buffer.from(role + hello);
    const response = responseOf([]);
    let reads = 0;
    const reply = await start({ ...response, read: async () => (reads++ === 0 ? bytes : undefined) }).reply;
    const first = await reply.frames.next();
    expect(first.value?.buffer).toBe(bytes.buffer);
    reply.cancel(new ProxyError("canceled", "x"));
  });

  it("delivers whole frames only", async () => {
    const text = role + hello + finish + usageOnly + done;
    const pieces = [text.slice(0, 50), text.slice(50, 400), text.slice(400, 401), text.slice(401)];
    const reply = await start(responseOf(pieces)).reply;
    for await (const frames of reply.frames) expect(Buffer.from(frames).toString()).toMatch(/\n\n$/);
  });

  it("resolves at the first output and delivers what came before it first", async () => {
    const response = responseOf([": waiting\n\n", ": still waiting\n\n", role, hello, finish, done]);
    const reply = await start(response).reply;
    expect(response.reads).toBe(3);
    expect((await drain(reply)).text).toBe(`: waiting\n\n: still waiting\n\n${role}${hello}${finish}${done}`);
  });

  it("reads no further than it is asked to", async () => {
    const response = responseOf([role, hello, finish, done]);
    const reply = await start(response).reply;
    await reply.frames.next();
    expect(response.reads).toBe(1);
    await reply.frames.next();
    expect(response.reads).toBe(2);
    reply.cancel(new ProxyError("canceled", "x"));
  });

  it("holds the end mark back until HTTP has ended", async () => {
    const response = responseOf([role, hello, finish + done], "open");
    const { reply, clock } = start(response);
    const { frames } = await reply;
    for (const expected of [role, hello, finish])
      expect(Buffer.from((await frames.next()).value ?? []).toString()).toBe(expected);
    const last = frames.next();
    await clock.advance(999);
    expect(response.destroyed).toBe(false);
    // An upstream that says it is done and keeps its connection open has answered all the same.
    await clock.advance(1);
    expect(Buffer.from((await last).value ?? []).toString()).toBe(done);
    expect((await frames.next()).done).toBe(true);
    expect(response.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("writes the end mark where the upstream leaves it out", async () => {
    const relayed = await relay(responseOf([role, hello, finish]));
    expect(relayed.text).toBe(role + hello + finish + done);
    expect(relayed.end?.outcome).toBe("finished");
  });

  it("passes nothing on that follows the end mark", async () => {
    const relayed = await relay(responseOf([whole, hello, ": bye\n\n"]));
    expect(relayed.text).toBe(whole);
    expect(relayed.end?.outcome).toBe("finished");
  });

  it.each([
    ["a comment", `${done}: ping\n\n`],
    ["blanks", "data: [DONE] \n\n"],
    ["more answer", done + hello],
    ["a failure", done + vendorError],
    ["itself", done + done],
    ["an event's name before it", "event: done\ndata: [DONE]\n\n"],
  ])("writes the end mark once and last, and only if it is true: with %s", async (_, end) => {
    for (const pieces of [
      [role, hello, finish + end],
      [role, hello, finish, end],
      [role + hello + finish + end],
    ]) {
      const relayed = await relay(responseOf(pieces));
      expect(relayed).toMatchObject({ text: role + hello + finish + done, end: { outcome: "finished" } });
      const cut = await relay(responseOf(pieces, "cut"));
      expect(cut).toMatchObject({ text: role + hello + finish, end: { outcome: "upstream-cut" } });
    }
  });

  it.each(["data: [DONE]\n", "data: [DONE]", "data: [DONE]\r\n", "event: done\ndata: [DONE]"])(
    "takes %j at the end for the end mark",
    async (end) => {
      const relayed = await relay(responseOf([role, hello, finish, end]));
      expect(relayed).toMatchObject({ text: role + hello + finish + done, end: { outcome: "finished" } });
      expect((await relay(responseOf([role, hello, finish, end], "cut"))).end?.outcome).toBe("upstream-cut");
      expect((await relay(responseOf([role, hello, end]))).end?.outcome).toBe("upstream-cut");
    },
  );

  it("passes events that are not the answer's on", async () => {
    const ping = "event: ping\ndata: ping\n\n";
    const relayed = await relay(responseOf([role, ping + hello, finish + ping, done]));
    expect(relayed).toMatchObject({
      text: role + ping + hello + finish + ping + done,
      end: { outcome: "finished" },
    });
  });

  it("accepts other line ends", async () => {
    const text = whole.replaceAll("\n", "\r\n");
    const relayed = await relay(responseOf([text]));
    expect(relayed.text.trimEnd()).toBe(text.trimEnd());
    expect(relayed.end?.outcome).toBe("finished");
  });

  it("takes an answer without a content type for what was asked for", async () => {
    expect((await relay(responseOf([whole], "complete", {}))).end?.outcome).toBe("finished");
  });

  it("takes no timer and holds no listener once it is over", async () => {
    const { reply, clock } = start(responseOf([whole]));
    await drain(await reply);
    expect(clock.pending).toBe(0);
  });

  it("ends once for each listener, also for one that comes late", async () => {
    const reply = await start(responseOf([whole])).reply;
    await drain(reply);
    const late: ReplyEnd[] = [];
    reply.onEnd((end) => late.push(end));
    expect(late).toMatchObject([{ outcome: "finished" }]);
  });
});

describe("a stream that is cut", () => {
  const bytes = openaiEventStream(loadRecording("openai-chat", "stream", "azure-model-router.1").chunks);
  const text = bytes.toString("latin1");
  const finishAt = text.indexOf("\n\n", text.indexOf('"finish_reason":"')) + 2;

  it("never ends finished when the transport breaks, at whichever byte", async () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const { text: passed, end, ends, error } = await relay(responseOf([bytes.subarray(0, at)], "cut"));
      const context = `cut at ${at}`;
      expect(ProxyError.is(error) && error.code, context).toBe("upstream_cut");
      expect(passed, context).not.toContain("[DONE]");
      expect(text.startsWith(passed), context).toBe(true);
      expect(passed === "" || passed.endsWith("\n\n"), context).toBe(true);
      if (passed === "") continue;
      expect(end?.outcome, context).toBe("upstream-cut");
      expect(end?.error, context).toBe(error);
      expect(ends, context).toBe(1);
    }
  });

  it("ends finished after a regular HTTP end only if a finish reason came and no frame is left over", async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const { text: passed, end, error } = await relay(responseOf([bytes.subarray(0, at)]));
      const isFrameEnd = /\n\n$/.test(text.slice(0, at));
      // The end mark says what it has to say also without the blank line after it.
      const isComplete =
        at >= finishAt && (isFrameEnd || text.slice(0, at).trimEnd().endsWith("data: [DONE]"));
      const context = `ended at ${at}`;
      expect(passed.includes("[DONE]"), context).toBe(isComplete);
      expect(error === undefined, context).toBe(isComplete);
      if (end) expect(end.outcome, context).toBe(isComplete ? "finished" : "upstream-cut");
    }
  });

  it("does not say finished when the transport breaks after the end mark", async () => {
    const relayed = await relay(responseOf([whole], "cut"));
    expect(relayed).toMatchObject({
      text: role + hello + finish + usageOnly,
      end: { outcome: "upstream-cut" },
    });
  });

  it("reports the usage that came before the cut", async () => {
    const relayed = await relay(responseOf([role, hello, finish, usageOnly], "cut"));
    expect(relayed.end).toMatchObject({
      outcome: "upstream-cut",
      usage: { inputTokens: 5 },
      finishReason: "stop",
    });
  });

  const estimated = { inputTokens: 3, outputTokens: 3, estimated: true };
  const passed = [role, hello, hello];

  it("estimates the usage of what passed where the vendor has not told it", async () => {
    const broken = await relay(responseOf(passed, "cut"));
    expect(broken.end).toMatchObject({ outcome: "upstream-cut", usage: estimated });
    const failed = await relay(responseOf([...passed, vendorError]));
    expect(failed.end).toMatchObject({ outcome: "failed", usage: estimated });
    const finished = await relay(responseOf([...passed, finish, done]));
    expect(finished.end).toMatchObject({ outcome: "finished", usage: estimated });
    const reply = await start(responseOf(passed, "open")).reply;
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    for (const _ of passed) await reply.frames.next();
    reply.cancel(new ProxyError("canceled", "x"));
    expect(ends).toMatchObject([{ outcome: "canceled", usage: estimated }]);
  });

  it("takes the vendor's usage for true when there is one", async () => {
    const { end } = await relay(responseOf([...passed, usageOnly], "cut"));
    expect(end?.usage).toMatchObject({ inputTokens: 5, outputTokens: 2, estimated: false });
  });

  it("is the end mark without any finish reason", async () => {
    for (const pieces of [[role, hello, done], [role + hello + done]]) {
      const relayed = await relay(responseOf(pieces));
      expect(relayed).toMatchObject({ text: role + hello, end: { outcome: "upstream-cut" } });
    }
  });

  it("is an end before every choice that has begun has finished, unless the vendor says it is done", async () => {
    const second = chunk({ content: "b" }, {}, { index: 1 });
    const secondFinish = chunk({}, {}, { index: 1, finish_reason: "stop" });
    const cut = await relay(responseOf([role, hello, second, finish, second]));
    expect(cut).toMatchObject({
      text: role + hello + second + finish + second,
      end: { outcome: "upstream-cut" },
    });
    for (const pieces of [
      [role, second, finish, secondFinish],
      [role, second, secondFinish, finish],
      [role, second, finish, done],
    ])
      expect((await relay(responseOf(pieces))).end?.outcome).toBe("finished");
  });

  it.each([
    ["nothing", []],
    ["comments", [": waiting\n\n"]],
    ["half a frame", ["data: {"]],
    ["only the end mark", [done]],
  ])("is an error before its first output: %s", async (_, chunks) => {
    for (const end of ["cut", "complete"] as const) {
      const response = responseOf(chunks, end);
      await expect(start(response).reply).rejects.toMatchObject({ code: "upstream_cut" });
      expect(response.destroyed).toBe(true);
    }
  });
});

describe("a failure the vendor reports in the stream", () => {
  it("is an error before the first output, without secrets", async () => {
    const response = responseOf([": hi\n\n", vendorError]);
    const failure = start(response).reply;
    await expect(failure).rejects.toMatchObject({ code: "upstream_failed", message: "overloaded [secret]" });
    expect(response.destroyed).toBe(true);
  });

  it("is an error also when output came in the same piece, as nothing has been delivered", async () => {
    await expect(start(responseOf([role + hello + vendorError])).reply).rejects.toMatchObject({
      code: "upstream_failed",
    });
  });

  it("ends the reply failed after what came before, and is not passed on", async () => {
    const response = responseOf([role, hello, vendorError, done]);
    const relayed = await relay(response);
    expect(relayed.text).toBe(role + hello);
    expect(relayed.error).toMatchObject({ code: "upstream_failed", message: "overloaded [secret]" });
    expect(relayed.end).toMatchObject({ outcome: "failed", error: relayed.error });
    expect(response.destroyed).toBe(true);
  });

  it("lets the output of the same piece through", async () => {
    const relayed = await relay(responseOf([role, hello + vendorError]));
    expect(relayed.text).toBe(role + hello);
    expect(relayed.end?.outcome).toBe("failed");
  });
});

describe("answers that are no stream", () => {
  it.each(["application/json", "text/html; charset=utf-8", "application/octet-stream"])(
    "refuses %s",
    async (type) => {
      const response = responseOf([whole], "complete", { "content-type": type });
      await expect(start(response).reply).rejects.toMatchObject({
        code: "upstream_failed",
        message: 'provider "fake" did not answer with an event stream',
      });
      expect(response.destroyed).toBe(true);
    },
  );

  it.each([
    [
      '{"error":{"message":"quota of sk-abcdefgh12345678","code":429}}',
      { message: "quota of [secret]", status: 429 },
    ],
    ['{"error":"model not loaded"}', { message: "model not loaded", status: 502 }],
    ['{"object":"error","message":"busy","code":503}', { message: "busy", status: 503 }],
    ["{}", { message: 'provider "fake" did not answer with an event stream', status: 502 }],
    ['{"error":', { message: 'provider "fake" did not answer with an event stream', status: 502 }],
    ['{"choices":[]}', { message: 'provider "fake" did not answer with an event stream', status: 502 }],
  ])("gives the error in JSON that came instead: %s", async (body, expected) => {
    const response = responseOf([body], "complete", {
      "content-type": "application/json; charset=utf-8",
      "retry-after": "7",
    });
    await expect(start(response).reply).rejects.toMatchObject({ code: "upstream_failed", ...expected });
    expect(response.destroyed).toBe(true);
  });

  it("refuses a frame without end", async () => {
    const piece = Buffer.alloc(1_048_576, "x");
    const endless = Array.from({ length: 20 }, () => piece);
    const response = responseOf(["data: ", ...endless]);
    await expect(start(response).reply).rejects.toMatchObject({ code: "upstream_failed" });
    expect(response.reads).toBeLessThan(12);
    const later = responseOf([role, "data: ", ...endless]);
    expect((await relay(later)).end).toMatchObject({ outcome: "failed" });
    expect(later.destroyed).toBe(true);
  });

  it("refuses endless comments instead of output", async () => {
    const response = responseOf(Array.from({ length: 100 }, () => `: ${"x".repeat(65_536)}\n\n`));
    await expect(start(response).reply).rejects.toMatchObject({ code: "upstream_failed" });
    expect(response.reads).toBeLessThan(20);
  });
});

describe("canceling", () => {
  const reason = new ProxyError("canceled", "the client left");

  it("releases the upstream before it returns, and tells how it ended once", async () => {
    const response = responseOf([role, usageOnly, hello], "open");
    const reply = await start(response).reply;
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => {
      expect(response.destroyed).toBe(true);
      ends.push(end);
    });
    await reply.frames.next();
    await reply.frames.next();
    reply.cancel(reason);
    expect(response.destroyed).toBe(true);
    reply.cancel(new ProxyError("internal", "again"));
    await expect(reply.frames.next()).rejects.toBe(reason);
    expect(ends).toMatchObject([{ outcome: "canceled", error: reason, usage: { inputTokens: 5 } }]);
  });

  it("makes a read that waits throw its reason", async () => {
    const reply = await start(responseOf([role], "open")).reply;
    await reply.frames.next();
    const waiting = reply.frames.next();
    reply.cancel(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it("drops what has not been read", async () => {
    const reply = await start(responseOf([whole])).reply;
    reply.cancel(reason);
    await expect(reply.frames.next()).rejects.toBe(reason);
  });

  it("is what return() does, also before anything was read", async () => {
    for (const reads of [0, 1]) {
      const response = responseOf([role, hello], "open");
      const reply = await start(response).reply;
      const ends: ReplyEnd[] = [];
      reply.onEnd((end) => ends.push(end));
      if (reads > 0) await reply.frames.next();
      expect(await reply.frames.return?.()).toEqual({ done: true, value: undefined });
      expect(response.destroyed).toBe(true);
      expect(ends).toMatchObject([{ outcome: "canceled", error: { code: "canceled" } }]);
    }
  });

  it("happens when a loop is left early", async () => {
    const response = responseOf([role, hello], "open");
    const reply = await start(response).reply;
    for await (const _ of reply.frames) break;
    expect(response.destroyed).toBe(true);
  });

  it("does nothing after the end", async () => {
    const reply = await start(responseOf([whole])).reply;
    const { end, ends } = await drain(reply);
    reply.cancel(reason);
    expect({ end, ends }).toMatchObject({ end: { outcome: "finished" }, ends: 1 });
    expect(await reply.frames.next()).toEqual({ done: true, value: undefined });
  });

  it.each([
    ["canceled", "canceled"],
    ["unavailable", "canceled"],
    ["deadline_exceeded", "timed-out"],
    ["upstream_cut", "upstream-cut"],
    ["upstream_failed", "failed"],
    ["internal", "failed"],
  ] as const)("with %s ends %s, also when the exchange reports that in its turn", async (code, outcome) => {
    const response = responseOf([role], "open");
    const reply = await start({ ...response, destroy: (error) => error && response.fail(error) }).reply;
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    reply.cancel(new ProxyError(code, "x"));
    expect(ends).toMatchObject([{ outcome, error: { code } }]);
  });

  it("is a timeout when a deadline is the reason", async () => {
    const reply = await start(responseOf([role], "open")).reply;
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    reply.cancel(new ProxyError("deadline_exceeded", "the call's deadline passed"));
    expect(ends).toMatchObject([{ outcome: "timed-out" }]);
  });
});

describe("failures of the exchange", () => {
  it("ends the reply at once when a time limit passes, whether anybody reads or not", async () => {
    const response = responseOf([role, hello], "open");
    const reply = await start(response).reply;
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    const error = new ProxyError("deadline_exceeded", "idle");
    response.fail(error);
    expect(ends).toMatchObject([{ outcome: "timed-out", error }]);
    await expect(reply.frames.next()).rejects.toBe(error);
  });

  it.each([
    ["canceled", "canceled"],
    ["unavailable", "canceled"],
    ["deadline_exceeded", "timed-out"],
  ] as const)("ends the reply at once when the call is aborted with %s", async (code, outcome) => {
    const controller = new AbortController();
    const response = responseOf([role, hello], "open");
    const reply = await start(response, { signal: controller.signal }).reply;
    const ends: ReplyEnd[] = [];
    reply.onEnd((end) => ends.push(end));
    const error = new ProxyError(code, "x");
    controller.abort(error);
    response.fail(error);
    expect(ends).toMatchObject([{ outcome, error }]);
    await expect(reply.frames.next()).rejects.toBe(error);
  });
});

describe("relaying a stream of Anthropic's", () => {
  const dialect = anthropicMessages;
  const event = (payload: object): string => anthropicEvent(JSON.stringify(payload));
  const begin = event({
    type: "message_start",
    message: { id: "msg_1", content: [], usage: { input_tokens: 5, output_tokens: 1 } },
  });
  const block = event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
  const said = event({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: "Hello there." },
  });
  const blockEnd = event({ type: "content_block_stop", index: 0 });
  const end = event({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 4 },
  });
  const stop = event({ type: "message_stop" });
  const content = begin + block + said + blockEnd;

  it.each(anthropicStreams)("passes $name through whatever pieces it comes in", async ({ chunks }) => {
    const bytes = anthropicEventStream(chunks);
    for (const size of [bytes.length > 10_000 ? 997 : 1, 1_000, 65_536]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const relayed = await relay(responseOf(pieces), { dialect });
      expect(relayed.text).toBe(bytes.toString("latin1"));
      expect(relayed.end).toMatchObject({ outcome: "finished", usage: { estimated: false } });
    }
  });

  it("never ends finished when it is cut, at whichever byte", async () => {
    const whole = Buffer.from(content + end + stop);
    const complete = whole.length - 2;
    for (let at = 0; at < whole.length; at += 1) {
      const relayed = await relay(responseOf(at === 0 ? [] : [whole.subarray(0, at)]), { dialect });
      if (at >= complete) expect(relayed).toMatchObject({ end: { outcome: "finished" } });
      else {
        expect(relayed.error).toMatchObject({ code: "upstream_cut" });
        expect(relayed.text).not.toContain("message_stop");
      }
    }
  });

  it("takes an answer for cut whose end the vendor left out, and one that has no reason", async () => {
    for (const chunks of [
      [content, end],
      [content, stop],
    ])
      expect(await relay(responseOf(chunks), { dialect })).toMatchObject({
        error: { code: "upstream_cut" },
        end: { outcome: "upstream-cut" },
      });
  });

  it("estimates only what was written when it is cut: what was read has been told", async () => {
    const { end: ended } = await relay(responseOf([content], "cut"), { dialect });
    expect(ended?.usage).toMatchObject({ inputTokens: 5, outputTokens: 3, estimated: true });
  });

  it("passes an answer without any content on", async () => {
    const relayed = await relay(responseOf([begin, end, stop]), { dialect });
    expect(relayed).toMatchObject({ text: begin + end + stop, end: { outcome: "finished" } });
  });

  it("fails before the first output where the vendor is overloaded after it has begun", async () => {
    const overloaded = event({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
    expect(await relay(responseOf([begin, overloaded]), { dialect })).toMatchObject({
      text: "",
      error: { code: "upstream_failed", status: 529, retryable: true },
    });
    expect(await relay(responseOf([content, overloaded, end, stop]), { dialect })).toMatchObject({
      text: content,
      error: { code: "upstream_failed", status: 529 },
      end: { outcome: "failed" },
    });
  });
});

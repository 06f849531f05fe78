/**
 * What every host must keep: the proxy behaves in it as in the server.
 *
 * @module
 */

import Anthropic from "@anthropic-ai/sdk";
import {
  anthropicError,
  anthropicMessages,
  type FakeUpstream,
  openaiChat,
  openaiDone,
  openaiError,
  openaiEvent,
  type ReceivedRequest,
  until,
} from "@llmproxy/testing";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSlowReader, settled } from "./slow-reader.ts";
import { type RunningExample, startExample } from "./start-example.ts";
import { startVendors, type Vendors } from "./vendors.ts";

/** An example and where its endpoints are. */
export interface Host {
  /** The folder below `examples/`. */
  readonly example: string;
  /** What must be done before; nothing when absent. */
  readonly prepare?: () => Promise<void>;
  /** Arguments for Node. */
  readonly args: readonly string[];
  /** What precedes `/v1`, e.g. `/llm`. */
  readonly basePath: string;
  /** Whether the framework answers what is below the base path and no endpoint. */
  readonly passesOn: boolean;
}

/** A running example, for tests of its own. */
export interface Hosted {
  readonly vendors: Vendors;
  /** Where the host listens. */
  origin(): string;
}

/** A build takes 10 s on two idle cores. */
const longestStartMs = 180_000;

const messages = [{ role: "user" as const, content: "one two three" }];
const asked = { model: "openai/gpt", messages };

/** Declares the tests; the example runs while they do. */
export function describeHost(host: Host, more?: (hosted: Hosted) => void) {
  const { example, prepare, args, basePath, passesOn } = host;
  describe(`the proxy in ${example}`, () => {
    let vendors: Vendors;
    let running: RunningExample;
    const origin = () => new URL(running.url).origin;
    const sdk = { apiKey: "unused", maxRetries: 0 };
    const openai = () => new OpenAI({ ...sdk, baseURL: `${origin()}${basePath}/v1` });
    const anthropic = () => new Anthropic({ ...sdk, baseURL: `${origin()}${basePath}` });

    beforeAll(async () => {
      await prepare?.();
      vendors = await startVendors();
      running = await startExample({ example, args, environment: vendors.environment });
    }, longestStartMs);
    afterAll(async () => {
      await running?.[Symbol.asyncDispose]();
      await vendors?.[Symbol.asyncDispose]();
    });

    it("answers OpenAI's client", async () => {
      const answer = await openai().chat.completions.create({ model: "echo", messages });
      expect(answer.choices[0]?.message.content).toBe("one two three");
      expect((await openai().models.list()).data.map(({ id }) => id)).toContain("echo");
    });

    it("streams to OpenAI's client", async () => {
      vendors.answer({ openai: openaiChat({ text: "a b c" }) });
      const stream = await openai().chat.completions.create({ ...asked, stream: true });
      const texts = (await Array.fromAsync(stream)).map(({ choices }) => choices[0]?.delta.content ?? "");
      expect(texts.join("")).toBe("a b c");
      expect(vendors.openai.requests.at(-1)?.headers.authorization).toBe("Bearer sk-of-the-example");
    });

    it("answers Anthropic's client", async () => {
      vendors.answer({ anthropic: anthropicMessages({ text: "a b c" }) });
      const request = { model: "anthropic/claude", max_tokens: 9, messages };
      const answer = await anthropic().messages.create(request);
      expect(answer.content).toMatchObject([{ type: "text", text: "a b c" }]);
      expect(await anthropic().messages.stream(request).finalText()).toBe("a b c");
    });

    it("ends the vendor's work when the client leaves", async () => {
      vendors.answer({ openai: { stream: endless(vendors.openai) } });
      const stream = await openai().chat.completions.create({ ...asked, stream: true });
      for await (const _ of stream) break;
      const sent = chatOf(vendors.openai);
      await until(() => sent.isAborted);
    });

    it("ends the vendor's work when the client leaves before there is an answer", async () => {
      const leaving = new AbortController();
      vendors.answer({ openai: { body: "{}", fault: { kind: "stall" } } });
      const before = vendors.openai.requests.length;
      const answer = openai().chat.completions.create(asked, { signal: leaving.signal });
      await until(() => vendors.openai.requests.length > before);
      leaving.abort();
      await expect(answer).rejects.toThrow(OpenAI.APIUserAbortError);
      await until(() => chatOf(vendors.openai).isAborted);
    });

    it("holds the vendor back while the client does not read", async () => {
      vendors.answer({ openai: { stream: Array.from({ length: chunks }, () => bulk) } });
      const reader = await openSlowReader(`${origin()}${basePath}/v1/chat/completions`, asked);
      const sent = chatOf(vendors.openai);
      const heldAt = await settled(() => sent.bytesSent);
      expect(heldAt).toBeLessThan(mostBytesHeld);
      // Everything arrives once the client reads; without a finish reason it is a cut, and is told as one.
      const text = await reader.readAll();
      expect(text.split(bulk.slice(0, -2)).length - 1).toBe(chunks);
      expect(text.slice(-500)).toContain("upstream_cut");
    });

    it.each([
      ["a model nobody has", { model: "nobody" }, OpenAI.NotFoundError, { code: "model_not_found" }],
      [
        "a wrong field",
        { model: "echo", temperature: "hot" },
        OpenAI.BadRequestError,
        { param: "temperature" },
      ],
    ])("tells OpenAI's client of %s by the error's class", async (_, wrong, errorClass, details) => {
      const error = await openai()
        .chat.completions.create({ messages, ...wrong } as typeof asked)
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject(details);
    });

    it("passes a vendor's refusal on by the error's class", async () => {
      vendors.answer({
        openai: openaiError({ message: "slow down" }, { status: 429, headers: { "retry-after": "7" } }),
        anthropic: anthropicError({ message: "busy", type: "overloaded_error" }, { status: 529 }),
      });
      const refused = await openai()
        .chat.completions.create(asked)
        .catch((reason) => reason);
      expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
      expect(refused.headers.get("retry-after")).toBe("7");
      const request = { model: "anthropic/claude", max_tokens: 9, messages };
      await expect(anthropic().messages.create(request)).rejects.toThrow(Anthropic.InternalServerError);
      await expect(anthropic().messages.create({ ...request, model: "nobody" })).rejects.toThrow(
        Anthropic.NotFoundError,
      );
    });

    it("never lets a cut stream look whole", async () => {
      const fault = { kind: "reset", afterBytes: 500 } as const;
      vendors.answer({ openai: openaiChat({ text: "a b c d e f g", fault }) });
      const stream = await openai().chat.completions.create({ ...asked, stream: true });
      const error = await Array.fromAsync(stream).catch((reason) => reason);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ code: "upstream_cut" });
    });

    it("leaves the rest to the framework", async () => {
      expect((await fetch(`${origin()}/`)).status).toBe(200);
      const elsewhere = await fetch(`${origin()}/elsewhere`);
      expect([elsewhere.status, elsewhere.headers.has("x-request-id")]).toEqual([404, false]);
      const below = await fetch(`${origin()}${basePath}/elsewhere`);
      expect([below.status, below.headers.has("x-request-id")]).toEqual([404, !passesOn]);
    });

    more?.({ origin, ...hidden(() => vendors) });

    it("finishes what is on its way when it is asked to stop", async () => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      vendors.answer({ openai: { stream: pausing(released) } });
      // On a connection of its own, which is not kept alive: servers wait for those that are.
      const reader = await openSlowReader(`${origin()}${basePath}/v1/chat/completions`, asked);
      const stopped = running.stop();
      await until(async () => (await fetch(origin()).catch(() => undefined)) === undefined);
      release();
      expect(await reader.readAll()).toMatch(/first[\s\S]* last[\s\S]*data: \[DONE\]\n\n$/);
      expect([0, 143, "SIGTERM"]).toContain(await stopped);
    });
  });
}

/** The vendors exist only once the tests run. */
function hidden(vendors: () => Vendors): { readonly vendors: Vendors } {
  return {
    get vendors() {
      return vendors();
    },
  };
}

const chunks = 1024;
const chunk = (content: string, finishReason: string | null = null) =>
  openaiEvent(
    JSON.stringify({
      id: "c",
      object: "chat.completion.chunk",
      created: 1,
      model: "gpt",
      choices: [{ index: 0, delta: { content }, finish_reason: finishReason }],
    }),
  );
const bulk = chunk("x".repeat(65_536));
/** Of the 64 MiB there are: what the buffers of four sockets hold (Linux: 4 MiB to send, 6 MiB to receive), and some. */
const mostBytesHeld = 32 * 1024 * 1024;

/** A stream that goes on until its reader leaves. */
async function* endless(upstream: FakeUpstream): AsyncGenerator<string> {
  const record = chatOf(upstream);
  while (!record.isClosed) {
    yield chunk("more");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A stream that waits in the middle. */
async function* pausing(released: Promise<void>): AsyncGenerator<string> {
  yield chunk("first");
  await released;
  yield chunk(" last");
  yield chunk("", "stop");
  yield openaiDone;
}

/** The latest chat request. */
function chatOf(upstream: FakeUpstream): ReceivedRequest {
  const found = upstream.requests.findLast(({ path }) => path.endsWith("/chat/completions"));
  if (!found) throw new Error("no chat request came");
  return found;
}

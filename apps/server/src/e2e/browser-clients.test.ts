/**
 * The clients from npm in a real browser, in a page of another origin. What is given to `evaluate` runs in the page.
 *
 * @module
 */

import {
  answerByPath,
  createFakeUpstream,
  type FakeUpstream,
  openaiChat,
  openaiDone,
  openaiEvent,
  openaiModels,
  until,
} from "@llmproxy/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium, observedPage } from "../test-support/browser.ts";
import { type BrowserApp, serveBrowserApp } from "../test-support/browser-app.ts";
import { startTestServer, type TestServer, upstreamProvider } from "../test-support/test-server.ts";

declare const app: BrowserApp;

const models = openaiModels(["gpt"]);

/** Lets the upstream say a word each time it is given one, and end when it is given none. */
function speakWhenTold(upstream: FakeUpstream): (word: string | undefined) => void {
  let next = Promise.withResolvers<string | undefined>();
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_767_225_600, model: "gpt" };
  const event = (delta: object, finish_reason: string | null): string =>
    openaiEvent(JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason }] }));
  async function* speech() {
    for (;;) {
      const word = await next.promise;
      next = Promise.withResolvers();
      if (word === undefined) break;
      yield event({ content: word }, null);
    }
    yield event({}, "stop") + openaiDone;
  }
  upstream.respond(answerByPath({ "/models": models, "/chat/completions": { stream: speech() } }));
  return (word) => next.resolve(word);
}

describe.skipIf(chromiumPath === undefined)("in a browser", () => {
  const things = new AsyncDisposableStack();
  let upstream: FakeUpstream;
  let server: TestServer;
  let browser: Browser;
  let origin: string;
  let page: Page;

  beforeAll(async () => {
    ({ origin } = things.use(await serveBrowserApp()));
    upstream = things.use(await createFakeUpstream());
    const providers = [upstreamProvider(upstream.url)];
    server = things.use(await startTestServer({ server: { cors: { origins: [origin] } }, providers }));
    browser = things.use(await launchChromium());
  });
  afterAll(() => things.disposeAsync());

  beforeEach(async () => {
    const answer = openaiChat({ text: "one two three" });
    upstream.respond(answerByPath({ "/models": models, "/chat/completions": answer }));
    ({ page } = await observedPage(browser));
    await page.goto(origin);
    const { url, apiKey, managementToken } = server;
    await page.evaluate(
      (told) => {
        app.server = told;
      },
      { url, apiKey, managementToken },
    );
    return () => page.close();
  });

  /** Each word is said when the page has read the one before: nothing on the way keeps one back. */
  async function expectOneByOne(reading: Promise<unknown>, say: (word: string | undefined) => void) {
    const read = (): Promise<string> => page.evaluate(() => app.pieces.join("|"));
    say("Hello");
    await until(async () => (await read()) === "Hello");
    say(" world");
    await until(async () => (await read()) === "Hello| world");
    say(undefined);
    await reading;
  }

  describe("@llmproxy/sdk", () => {
    it("asks", async () => {
      const answer = await page.evaluate(async () => {
        const { url, apiKey } = app.server;
        const client = app.createLlmProxyClient({ baseUrls: [url], token: apiKey });
        const { text, finishReason, usage } = await client.complete({ model: "up/gpt", user: "Hello" });
        return { text, finishReason, usage };
      });
      const usage = expect.objectContaining({ inputTokens: 5, outputTokens: 3 });
      expect(answer).toEqual({ text: "one two three", finishReason: "stop", usage });
    });

    it("reads a stream piece by piece", async () => {
      const say = speakWhenTold(upstream);
      const reading = page.evaluate(async () => {
        const { url, apiKey } = app.server;
        const client = app.createLlmProxyClient({ baseUrls: [url], token: apiKey });
        const stream = client.streamText({ model: "up/gpt", user: "Hello" });
        for await (const text of stream) app.pieces.push(text);
      });
      await expectOneByOne(reading, say);
    });

    it("closes the upstream when the page breaks off in the middle of a stream", async () => {
      const say = speakWhenTold(upstream);
      const reading = page.evaluate(async () => {
        const { url, apiKey } = app.server;
        const client = app.createLlmProxyClient({ baseUrls: [url], token: apiKey });
        const { signal } = app.leaving;
        const stream = client.streamText({ model: "up/gpt", user: "Hello" }, { signal });
        const failed = (error: unknown) => app.LlmProxyError.is(error) && error.code;
        return (async () => {
          for await (const text of stream) app.pieces.push(text);
        })().catch(failed);
      });
      say("Hello");
      await until(() => page.evaluate(() => app.pieces.length === 1));
      const asked = upstream.requests.findLast(({ path }) => path === "/v1/chat/completions");
      expect(asked?.isClosed).toBe(false);
      await page.evaluate(() => app.leaving.abort());
      expect(await reading).toBe("canceled");
      await until(() => asked?.isAborted === true);
    });

    it("manages", async () => {
      const names = await page.evaluate(async () => {
        const { url, managementToken } = app.server;
        const client = app.createLlmProxyClient({ baseUrls: [url], token: managementToken });
        const { projects } = await client.projects.listProjects({});
        return projects.map(({ name }) => name);
      });
      expect(names).toEqual(["default"]);
    });

    it("throws errors with their code, field and request id", async () => {
      const errors = await page.evaluate(async () => {
        const { url, apiKey } = app.server;
        const client = app.createLlmProxyClient({ baseUrls: [url], token: apiKey });
        const outcomes = await Promise.allSettled([
          client.complete({ model: "nobody-knows", user: "Hello" }),
          client.complete({ model: "up/gpt", messages: [] }),
          client.projects.listProjects({}),
        ]);
        return outcomes.map((outcome) => {
          const error: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
          return error instanceof app.LlmProxyError && [error.code, error.field, typeof error.requestId];
        });
      });
      expect(errors).toEqual([
        ["model_not_found", expect.stringContaining("model"), "string"],
        ["invalid_request", expect.stringContaining("messages"), "string"],
        ["permission_denied", undefined, "string"],
      ]);
    });

    it("gets another token when the server refuses the one it has", async () => {
      const answered = await page.evaluate(async () => {
        const { url, apiKey } = app.server;
        const tokens = ["sk-llp-expired", apiKey];
        const client = app.createLlmProxyClient({ baseUrls: [url], token: () => tokens.shift() ?? "" });
        const { text } = await client.complete({ model: "up/gpt", user: "Hello" });
        return { text, left: tokens.length };
      });
      expect(answered).toEqual({ text: "one two three", left: 0 });
    });
  });

  describe("openai", () => {
    it("asks, and throws its own errors", async () => {
      const [answer, error] = await page.evaluate(async () => {
        const options = { baseURL: `${app.server.url}/v1`, dangerouslyAllowBrowser: true };
        const ask = (apiKey: string) =>
          new app.OpenAI({ ...options, apiKey }).chat.completions.create({
            model: "up/gpt",
            messages: [{ role: "user", content: "Hello" }],
          });
        const { choices } = await ask(app.server.apiKey);
        const error: unknown = await ask("sk-llp-wrong").catch((thrown: unknown) => thrown);
        const isTyped = error instanceof app.OpenAI.AuthenticationError;
        return [choices[0]?.message.content, isTyped && [error.status, typeof error.requestID]];
      });
      expect([answer, error]).toEqual(["one two three", [401, "string"]]);
    });

    it("reads a stream piece by piece", async () => {
      const say = speakWhenTold(upstream);
      const reading = page.evaluate(async () => {
        const { url, apiKey } = app.server;
        const client = new app.OpenAI({ baseURL: `${url}/v1`, apiKey, dangerouslyAllowBrowser: true });
        const stream = await client.chat.completions.create({
          model: "up/gpt",
          messages: [{ role: "user", content: "Hello" }],
          stream: true,
        });
        for await (const { choices } of stream) {
          const text = choices[0]?.delta.content;
          if (text) app.pieces.push(text);
        }
      });
      await expectOneByOne(reading, say);
    });
  });

  describe("@anthropic-ai/sdk", () => {
    it("asks, and throws its own errors", async () => {
      const [answer, error] = await page.evaluate(async () => {
        const options = { baseURL: app.server.url, dangerouslyAllowBrowser: true };
        const ask = (apiKey: string) =>
          new app.Anthropic({ ...options, apiKey }).messages.create({
            model: "up/gpt",
            messages: [{ role: "user", content: "Hello" }],
            max_tokens: 9,
          });
        const { content } = await ask(app.server.apiKey);
        const error: unknown = await ask("sk-llp-wrong").catch((thrown: unknown) => thrown);
        const isTyped = error instanceof app.Anthropic.AuthenticationError;
        return [content, isTyped && [error.status, typeof error.requestID]];
      });
      expect(answer).toMatchObject([{ type: "text", text: "one two three" }]);
      expect(error).toEqual([401, "string"]);
    });

    it("reads a stream piece by piece, of an upstream that speaks another API", async () => {
      const say = speakWhenTold(upstream);
      const reading = page.evaluate(async () => {
        const { url: baseURL, apiKey } = app.server;
        const client = new app.Anthropic({ baseURL, apiKey, dangerouslyAllowBrowser: true });
        const messages = [{ role: "user" as const, content: "Hello" }];
        const stream = client.messages.stream({ model: "up/gpt", messages, max_tokens: 9 });
        stream.on("text", (text) => app.pieces.push(text));
        await stream.finalMessage();
      });
      await expectOneByOne(reading, say);
    });
  });
});

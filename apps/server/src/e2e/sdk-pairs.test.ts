/**
 * Two official clients on three kinds of upstream: whichever API the client speaks and whichever the vendor has, the
 * client cannot tell.
 *
 * @module
 */

import Anthropic from "@anthropic-ai/sdk";
import { type FakeUpstream, until } from "@llmproxy/testing";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import {
  answerText,
  conversations,
  failWith,
  modelUpstream,
  providerOf,
  type Vendor,
} from "../test-support/model-upstreams.ts";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

/** What both clients can do, in the words of neither. */
interface Client {
  ask(model: string, text: string): Promise<{ text: string; inputTokens: number; outputTokens: number }>;
  stream(model: string, text: string, onPiece?: () => void): Promise<string>;
  /** Asks with a tool, which the model may or must call, runs it and asks again. */
  useTool(
    model: string,
    stream: boolean,
    mustCall?: boolean,
  ): Promise<{ city: unknown; reason: unknown; text: string }>;
  askAboutPicture(model: string): Promise<string>;
}

const picture =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const schema = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };

function openaiClient({ url, apiKey }: Pick<TestServer, "url" | "apiKey">): Client {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: schema } }];
  type Message = OpenAI.ChatCompletionMessageParam;
  const complete = (model: string, messages: Message[], stream: boolean, mustCall = false) => {
    const asked = {
      model,
      messages,
      tools,
      tool_choice: mustCall ? ("required" as const) : ("auto" as const),
    };
    return stream
      ? client.chat.completions.stream(asked).finalChatCompletion()
      : client.chat.completions.create(asked);
  };
  return {
    async ask(model, text) {
      const answer = await client.chat.completions.create({
        model,
        messages: [{ role: "user", content: text }],
      });
      const { prompt_tokens: inputTokens = 0, completion_tokens: outputTokens = 0 } = answer.usage ?? {};
      return { text: answer.choices[0]?.message.content ?? "", inputTokens, outputTokens };
    },
    async stream(model, text, onPiece) {
      const messages: Message[] = [{ role: "user", content: text }];
      const stream = await client.chat.completions.create({ model, messages, stream: true });
      let said = "";
      for await (const chunk of stream) {
        said += chunk.choices[0]?.delta.content ?? "";
        onPiece?.();
      }
      return said;
    },
    async useTool(model, stream, mustCall) {
      const question: Message = { role: "user", content: "How is the weather in Oslo?" };
      const first = await complete(model, [question], stream, mustCall);
      const choice = first.choices[0];
      const call = choice?.message.tool_calls?.[0];
      if (!choice || call?.type !== "function") throw new Error("no tool was called");
      const result: Message = { role: "tool", tool_call_id: call.id, content: '{"sky":"clear"}' };
      const second = await complete(model, [question, choice.message, result], stream);
      return {
        city: JSON.parse(call.function.arguments).city,
        reason: choice.finish_reason,
        text: second.choices[0]?.message.content ?? "",
      };
    },
    async askAboutPicture(model) {
      const image = { type: "image_url" as const, image_url: { url: `data:image/png;base64,${picture}` } };
      const content = [{ type: "text" as const, text: "What is this?" }, image];
      const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content }] });
      return answer.choices[0]?.message.content ?? "";
    },
  };
}

function anthropicClient({ url, apiKey }: Pick<TestServer, "url" | "apiKey">): Client {
  const client = new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
  const tools = [{ name: "weather", input_schema: schema }];
  const max_tokens = 200;
  type Message = Anthropic.MessageParam;
  const textOf = ({ content }: Anthropic.Message): string =>
    content.map((block) => (block.type === "text" ? block.text : "")).join("");
  const complete = (model: string, messages: Message[], stream: boolean, mustCall = false) => {
    const tool_choice = mustCall ? { type: "any" as const } : { type: "auto" as const };
    const asked = { model, messages, tools, max_tokens, tool_choice };
    return stream ? client.messages.stream(asked).finalMessage() : client.messages.create(asked);
  };
  return {
    async ask(model, text) {
      const messages: Message[] = [{ role: "user", content: text }];
      const answer = await client.messages.create({ model, messages, max_tokens });
      const { input_tokens: inputTokens, output_tokens: outputTokens } = answer.usage;
      return { text: textOf(answer), inputTokens, outputTokens };
    },
    async stream(model, text, onPiece) {
      const messages: Message[] = [{ role: "user", content: text }];
      const stream = client.messages.stream({ model, messages, max_tokens });
      if (onPiece) stream.on("text", onPiece);
      return textOf(await stream.finalMessage());
    },
    async useTool(model, stream, mustCall) {
      const question: Message = { role: "user", content: "How is the weather in Oslo?" };
      const first = await complete(model, [question], stream, mustCall);
      const use = first.content.find((block) => block.type === "tool_use");
      if (!use) throw new Error("no tool was called");
      const result = { type: "tool_result" as const, tool_use_id: use.id, content: '{"sky":"clear"}' };
      const turns: Message[] = [
        question,
        { role: "assistant", content: first.content },
        { role: "user", content: [result] },
      ];
      const second = await complete(model, turns, stream);
      return {
        city: (use.input as { city?: unknown }).city,
        reason: first.stop_reason,
        text: textOf(second),
      };
    },
    async askAboutPicture(model) {
      const source = { type: "base64" as const, media_type: "image/png" as const, data: picture };
      const content = [
        { type: "text" as const, text: "What is this?" },
        { type: "image" as const, source },
      ];
      return textOf(
        await client.messages.create({ model, messages: [{ role: "user", content }], max_tokens }),
      );
    },
  };
}

const clients = [
  { name: "openai", make: openaiClient, sdk: OpenAI, toolReason: "tool_calls" },
  { name: "@anthropic-ai/sdk", make: anthropicClient, sdk: Anthropic, toolReason: "tool_use" },
] as const;
const vendors = ["openai", "anthropic"] as const satisfies readonly Vendor[];
const pairs = clients.flatMap((client) => vendors.map((vendor) => ({ ...client, vendor })));

async function withServer(
  vendor: Vendor,
  run: (server: TestServer, upstream: FakeUpstream) => Promise<void>,
): Promise<void> {
  await using upstream = await modelUpstream(vendor);
  await using server = await startTestServer({ providers: [providerOf(upstream, vendor)] });
  await run(server, upstream);
}

describe.each(clients)("$name on echo", ({ make, sdk, toolReason }) => {
  it("chats, streams and sends a picture", async () => {
    await using server = await startTestServer();
    const client = make(server);
    const answer = await client.ask("echo", "Hello there");
    expect(answer).toMatchObject({ text: "Hello there" });
    expect([answer.inputTokens > 0, answer.outputTokens > 0]).toEqual([true, true]);
    let pieces = 0;
    const count = (): void => {
      pieces += 1;
    };
    expect(await client.stream("echo", "one two three", count)).toBe("one two three");
    expect(pieces).toBeGreaterThanOrEqual(3);
    expect(await client.askAboutPicture("echo")).toBe("What is this?");
  });

  it.each([false, true])("makes a round trip through a tool, streamed: %s", async (stream) => {
    await using server = await startTestServer();
    const used = await make(server).useTool("echo", stream, true);
    expect(used).toEqual({
      city: expect.any(String),
      reason: toolReason,
      text: "How is the weather in Oslo?",
    });
  });

  it("throws the class the client has for each mistake", async () => {
    await using server = await startTestServer();
    const stranger = make({ url: server.url, apiKey: "sk-llp-v-wrong" });
    await expect(stranger.ask("echo", "x")).rejects.toBeInstanceOf(sdk.AuthenticationError);
    await expect(make(server).ask("unknown", "x")).rejects.toBeInstanceOf(sdk.NotFoundError);
    await expect(make(server).ask("", "x")).rejects.toBeInstanceOf(sdk.BadRequestError);
  });
});

describe.each(pairs)("$name on an upstream that speaks $vendor", ({ make, sdk, toolReason, vendor }) => {
  it("gets the answer with its usage", () =>
    withServer(vendor, async (server, upstream) => {
      const answer = await make(server).ask("up/model", "How is the weather?");
      expect(answer.text).toBe(answerText);
      expect(answer).toMatchObject({ inputTokens: 5, outputTokens: expect.any(Number) });
      const [request] = conversations(upstream, vendor);
      expect(request?.json()).toMatchObject({ model: "model" });
      const key = vendor === "openai" ? request?.headers.authorization : request?.headers["x-api-key"];
      expect(key).toContain("sk-upstream-0123456789");
    }));

  it("streams it piece by piece", () =>
    withServer(vendor, async (server) => {
      let pieces = 0;
      const said = await make(server).stream("up/model", "How is the weather?", () => (pieces += 1));
      expect(said).toBe(answerText);
      expect(pieces).toBeGreaterThanOrEqual(5);
    }));

  it.each([false, true])("makes a round trip through a tool, streamed: %s", (stream) =>
    withServer(vendor, async (server) => {
      const used = await make(server).useTool("up/model", stream);
      expect(used).toEqual({ city: "Oslo", reason: toolReason, text: answerText });
    }),
  );

  it("sends a picture in the vendor's own form", () =>
    withServer(vendor, async (server, upstream) => {
      expect(await make(server).askAboutPicture("up/model")).toBe(answerText);
      const sent = JSON.stringify(conversations(upstream, vendor)[0]?.json());
      const form =
        vendor === "openai"
          ? `"url":"data:image/png;base64,${picture}"`
          : `"source":{"type":"base64","media_type":"image/png","data":"${picture}"}`;
      expect(sent).toContain(form);
    }));

  it.each([
    [400, "BadRequestError"],
    [404, "NotFoundError"],
    [422, "UnprocessableEntityError"],
    [429, "RateLimitError"],
    [500, "InternalServerError"],
    [529, "InternalServerError"],
    [401, "InternalServerError"],
  ] as const)("throws for the vendor's %i the class %s", (status, name) =>
    withServer(vendor, async (server, upstream) => {
      failWith(upstream, vendor, status);
      const failure = await make(server)
        .ask("up/model", "x")
        .catch((reason: unknown) => reason);
      expect(failure).toBeInstanceOf(sdk[name]);
      if (status !== 401) expect(String(failure)).toContain("the vendor's own words");
      expect(String(failure)).not.toContain("sk-upstream");
      const streamed = await make(server)
        .stream("up/model", "x")
        .catch((reason: unknown) => reason);
      expect(streamed).toBeInstanceOf(sdk[name]);
    }),
  );

  it("throws when the stream breaks off, after what came before", () =>
    withServer(vendor, async (server, upstream) => {
      const before = upstream.requests.length;
      cut(upstream, vendor);
      let pieces = 0;
      const stream = make(server).stream("up/model", "x", () => (pieces += 1));
      await expect(stream).rejects.toBeInstanceOf(sdk.APIError);
      expect(pieces).toBeGreaterThan(0);
      await until(() => upstream.requests.length > before);
    }));
});

/** Breaks the connection off in the middle of a streamed answer. */
function cut(upstream: FakeUpstream, vendor: Vendor): void {
  const event = (json: object & { type?: string }): string =>
    `${json.type ? `event: ${json.type}\n` : ""}data: ${JSON.stringify(json)}\n\n`;
  const openai = [
    { choices: [{ index: 0, delta: { role: "assistant", content: "It is" }, finish_reason: null }] },
  ];
  const message = { id: "m", type: "message", role: "assistant", model: "m", content: [], stop_reason: null };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const anthropic = [
    { type: "message_start", message: { ...message, stop_sequence: null, usage } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "It is" } },
  ];
  const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
  const events = vendor === "openai" ? openai.map((chunk) => ({ ...head, ...chunk })) : anthropic;
  const stream = events.map(event);
  const afterBytes = Buffer.byteLength(stream.join(""));
  upstream.respond({ stream, fault: { kind: "cut", afterBytes } });
}

describe("@anthropic-ai/sdk", () => {
  it("counts tokens with the vendor's own count", () =>
    withServer("anthropic", async (server) => {
      const client = new Anthropic({ baseURL: server.url, apiKey: server.apiKey });
      const messages = [{ role: "user" as const, content: "Hello" }];
      const { data, response } = await client.messages
        .countTokens({ model: "up/claude", messages })
        .withResponse();
      expect(data.input_tokens).toBe(42);
      expect(response.headers.get("x-llmproxy-estimated")).toBeNull();
    }));

  it("counts tokens by an estimate, marked as one, where the vendor does not count", () =>
    withServer("openai", async (server) => {
      const client = new Anthropic({ baseURL: server.url, apiKey: server.apiKey });
      const messages = [{ role: "user" as const, content: "Hello, how are you today?" }];
      const { data, response } = await client.messages
        .countTokens({ model: "up/gpt", messages })
        .withResponse();
      expect(data.input_tokens).toBeGreaterThan(0);
      expect(response.headers.get("x-llmproxy-estimated")).toBe("true");
    }));

  it("lists models in its own shape, page by page", async () => {
    await using server = await startTestServer({
      models: ["a", "b", "c"].map((name) => ({ name, targets: [{ provider: "echo", model: "echo" }] })),
    });
    const client = new Anthropic({ baseURL: server.url, apiKey: server.apiKey });
    const ids: string[] = [];
    for await (const model of client.models.list({ limit: 2 })) ids.push(model.id);
    expect(ids).toEqual(["a", "b", "c"]);
    expect(await client.models.retrieve("b")).toMatchObject({ id: "b", type: "model" });
  });

  it("sends its beta switches to a vendor that knows them, and to nobody else", () =>
    withServer("anthropic", async (server, upstream) => {
      const client = new Anthropic({ baseURL: server.url, apiKey: server.apiKey });
      const messages = [{ role: "user" as const, content: "Hello" }];
      await client.beta.messages.create({
        model: "up/claude",
        max_tokens: 9,
        messages,
        betas: ["files-api-2025-04-14"],
      });
      const [request] = upstream.requests.filter(({ path }) => path.startsWith("/v1/messages"));
      expect(request?.headers["anthropic-beta"]).toBe("files-api-2025-04-14");
    }));

  it("finds the request's id where it looks for it", async () => {
    await using server = await startTestServer();
    const client = new Anthropic({ baseURL: server.url, apiKey: server.apiKey });
    const message = await client.messages.create({
      model: "echo",
      max_tokens: 9,
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(message._request_id).toMatch(/^[\w-]{8,64}$/);
  });
});

import { join } from "node:path";
import type { CallRecord } from "@llmproxy/spec";
import { openSqliteStore } from "@llmproxy/store";
import {
  createFakeUpstream,
  type FakeUpstream,
  loadRecording,
  openaiChat,
  openaiEventStream,
  type ReceivedRequest,
  until,
} from "@llmproxy/testing";
import OpenAI from "openai";
import type { ChatCompletionTool } from "openai/resources/chat/completions";
import { describe, expect, it } from "vitest";
import { startTestServer, type TestServer, upstreamProvider } from "../test-support/test-server.ts";

function clientOf(server: TestServer, apiKey = server.apiKey): OpenAI {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
}

/** The first chat request; the catalogue is asked for in the background. */
async function chatRequest(upstream: FakeUpstream): Promise<ReceivedRequest> {
  const isChat = (request: ReceivedRequest): boolean => request.path === "/v1/chat/completions";
  await until(() => upstream.requests.some(isChat));
  const found = upstream.requests.find(isChat);
  if (!found) throw new Error("no chat request");
  return found;
}

/** All records of calls, once there are as many as expected. */
async function recordsOf(server: TestServer, count: number): Promise<readonly CallRecord[]> {
  const path = join(server.dataDirectory, "llmproxy.db");
  let records: CallRecord[] = [];
  await until(async () => {
    const store = await openSqliteStore({ path, readOnly: true });
    records = [];
    let pageToken: string | undefined;
    do {
      const page = await store.usage.list(
        {},
        { pageSize: 1000, ...(pageToken !== undefined && { pageToken }) },
      );
      records.push(...page.items);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    await store.close();
    return records.length >= count;
  });
  return records;
}

const hello = [{ role: "user" as const, content: "Hello there, proxy" }];
const weather: ChatCompletionTool = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

describe("the openai client on echo", () => {
  it("gets a chat completion with usage", async () => {
    await using server = await startTestServer();
    const { data, response } = await clientOf(server)
      .chat.completions.create({ model: "echo", messages: hello })
      .withResponse();
    expect(data.choices[0]).toMatchObject({
      message: { role: "assistant", content: "Hello there, proxy" },
      finish_reason: "stop",
    });
    expect(data.usage?.total_tokens).toBeGreaterThan(0);
    const names = [
      "x-request-id",
      "x-llmproxy-overhead-ms",
      "x-llmproxy-model",
      "x-llmproxy-provider",
      "x-llmproxy-attempts",
    ];
    expect(names.map((name) => response.headers.get(name))).toEqual([
      expect.stringMatching(/./),
      expect.stringMatching(/^\d+\.\d$/),
      "echo",
      "echo",
      "1",
    ]);
  });

  it("streams word by word, and usage where asked for", async () => {
    await using server = await startTestServer();
    const stream = await clientOf(server).chat.completions.create({
      model: "echo",
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "");
    expect(text.join("")).toBe("Hello there, proxy");
    expect(text.filter(Boolean).length).toBe(3);
    expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
  });

  it("makes a round trip through a tool", async () => {
    await using server = await startTestServer();
    const client = clientOf(server);
    const first = await client.chat.completions.create({
      model: "echo",
      messages: hello,
      tools: [weather],
      tool_choice: "required",
    });
    const call = first.choices[0]?.message.tool_calls?.[0];
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    if (call?.type !== "function") throw new Error("no tool call");
    expect(JSON.parse(call.function.arguments)).toHaveProperty("city");
    const second = await client.chat.completions.create({
      model: "echo",
      messages: [
        ...hello,
        { role: "assistant", tool_calls: [call] },
        { role: "tool", tool_call_id: call.id, content: "sunny" },
      ],
      tools: [weather],
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");
  });

  it("lists and retrieves models", async () => {
    await using server = await startTestServer({
      providers: [{ name: "echo", kind: "echo" }],
      models: [{ name: "fast", aliases: ["default"], targets: [{ provider: "echo", model: "echo" }] }],
    });
    const client = clientOf(server);
    expect((await Array.fromAsync(client.models.list())).map((model) => model.id)).toContain("fast");
    expect(await client.models.retrieve("fast")).toMatchObject({
      id: "fast",
      object: "model",
      owned_by: "echo",
    });
    await expect(client.models.retrieve("slow")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect((await client.chat.completions.create({ model: "default", messages: hello })).choices.length).toBe(
      1,
    );
  });

  it("retrieves a direct model whose name has a slash", async () => {
    await using server = await startTestServer();
    expect(await clientOf(server).models.retrieve("echo/echo")).toMatchObject({
      id: "echo/echo",
      owned_by: "echo",
    });
    expect(
      await clientOf(server).chat.completions.create({ model: "echo/echo", messages: hello }),
    ).toMatchObject({
      choices: [{ message: { content: "Hello there, proxy" } }],
    });
  });

  it.each([
    ["a wrong key", (key: string) => `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`],
    ["another text", () => "sk-something-else"],
  ])("is refused with %s as its AuthenticationError", async (_what, change) => {
    await using server = await startTestServer();
    const asked = clientOf(server, change(server.apiKey)).chat.completions.create({
      model: "echo",
      messages: hello,
    });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it("is told the nearest model when the name is unknown", async () => {
    await using server = await startTestServer();
    const asked = clientOf(server).chat.completions.create({ model: "ecko", messages: hello });
    await expect(asked).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
      message: expect.stringContaining("echo"),
    });
  });

  it("may leave a stream at any time", async () => {
    await using server = await startTestServer({
      providers: [{ name: "echo", kind: "echo", chunk_delay_ms: 60_000 }],
    });
    const stream = await clientOf(server).chat.completions.create({
      model: "echo",
      messages: hello,
      stream: true,
    });
    for await (const _chunk of stream) break;
    await until(() => server.logger.entries.some((entry) => entry.message === "call"));
    expect(server.logger.entries.find((entry) => entry.message === "call")?.fields).toMatchObject({
      outcome: "canceled",
    });
  });
});

describe("the openai client on an OpenAI-speaking upstream", () => {
  it("gets the recorded answer, and the upstream sees its own model, key and nothing of the client's", async () => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({
      providers: [upstreamProvider(upstream.url)],
      models: [{ name: "fast", targets: [{ provider: "up", model: "gpt-4.1-nano" }] }],
    });
    const recording = loadRecording("openai-chat", "unary", "openai-text");
    upstream.respond(openaiChat({ recording: "openai-text" }));
    const answer = await clientOf(server).chat.completions.create({
      model: "fast",
      messages: hello,
      user: "someone",
    });
    expect(answer).toEqual(expect.objectContaining(JSON.parse(recording.json)));
    const seen = await chatRequest(upstream);
    expect(seen.json()).toMatchObject({ model: "gpt-4.1-nano", user: "someone" });
    expect(seen.headers).toMatchObject({
      authorization: "Bearer sk-upstream-0123456789",
      "accept-encoding": "identity",
    });
    expect(JSON.stringify(seen.headers)).not.toContain(server.apiKey);
  });

  it("streams the recording, without the usage chunk nobody asked for", async () => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    upstream.respond(openaiChat({ recording: "openai-text" }));
    const stream = await clientOf(server).chat.completions.create({
      model: "up/gpt-4.1-nano",
      messages: hello,
      stream: true,
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.every((chunk) => chunk.choices.length > 0)).toBe(true);
    expect((await chatRequest(upstream)).json()).toMatchObject({ stream_options: { include_usage: true } });
    await until(() => server.logger.entries.some((entry) => entry.message === "call"));
    const access = server.logger.entries.find((entry) => entry.message === "call");
    expect(access?.fields).toMatchObject({
      outcome: "finished",
      provider: "up",
      output_tokens: expect.any(Number),
    });
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [404, OpenAI.NotFoundError],
    [422, OpenAI.UnprocessableEntityError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
  ])("keeps the vendor's %i and its words", async (status, kind) => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    const error = { message: "the vendor says no", type: "some_type", param: "messages", code: "some_code" };
    upstream.respond({
      status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ error }),
    });
    const failure = await clientOf(server)
      .chat.completions.create({ model: "up/gpt", messages: hello })
      .catch((caught: unknown) => caught);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ status, type: "some_type", code: "some_code", param: "messages" });
    expect(String(failure)).toContain("the vendor says no");
  });

  it.each([401, 403])("does not show the vendor's %i as the client's own", async (status) => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    upstream.respond({
      status,
      headers: {},
      body: `{"error":{"message":"Incorrect API key provided: sk-upstream-0123456789"}}`,
    });
    const failure = await clientOf(server)
      .chat.completions.create({ model: "up/gpt", messages: hello })
      .catch((caught: unknown) => caught);
    expect(failure).toMatchObject({ status: 502, code: "upstream_auth" });
    expect(JSON.stringify(failure) + String(failure)).not.toContain("sk-upstream");
  });

  it("falls back to the next target before the first output", async () => {
    await using broken = await createFakeUpstream();
    await using working = await createFakeUpstream();
    broken.respond({ status: 503, body: "{}" });
    working.respond(openaiChat({ recording: "openai-text" }));
    await using server = await startTestServer({
      providers: [upstreamProvider(broken.url, { name: "a" }), upstreamProvider(working.url, { name: "b" })],
      models: [
        {
          name: "fast",
          targets: [
            { provider: "a", model: "m" },
            { provider: "b", model: "m" },
          ],
        },
      ],
    });
    const { response } = await clientOf(server)
      .chat.completions.create({ model: "fast", messages: hello })
      .withResponse();
    expect([
      response.headers.get("x-llmproxy-provider"),
      response.headers.get("x-llmproxy-attempts"),
    ]).toEqual(["b", "2"]);
  });

  it("carries large numbers and unknown fields as they were written", async () => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    upstream.respond(openaiChat({ recording: "openai-text" }));
    const body = `{ "seed": 9007199254740993,\t"model": "up/gpt",  "from_the_future": {"x": [1e400, 0.10]},\n "messages": [{"role":"user","content":"h\\u00e9"}] }`;
    await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body,
    });
    expect((await chatRequest(upstream)).body.toString()).toBe(body.replace(`"up/gpt"`, `"gpt"`));
  });

  it("gets the default model where it names none", async () => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({
      providers: [upstreamProvider(upstream.url)],
      default_model: "up/gpt",
    });
    upstream.respond(openaiChat({ recording: "openai-text" }));
    const { id } = await clientOf(server).chat.completions.create({ messages: hello } as never);
    expect(id).toMatch(/^chatcmpl-/);
    expect((await chatRequest(upstream)).json()).toEqual({ model: "gpt", messages: hello });
  });

  it("never shows a cut stream as a success, wherever it is cut, and each is recorded once", {
    timeout: 60_000,
  }, async () => {
    await using upstream = await createFakeUpstream();
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    const client = clientOf(server);
    const { chunks } = loadRecording("openai-chat", "stream", "openai-text");
    const stream = openaiEventStream([...chunks.slice(0, 4), ...chunks.slice(-3)]);
    // The client says in `user` where its answer is to be cut, so that many can be cut at once.
    upstream.respond((request) => {
      const { user } = request.method === "POST" ? (request.json() as { user: string }) : { user: "0" };
      return {
        stream: [stream],
        fault: { kind: Number(user) % 2 ? "cut" : "reset", afterBytes: Number(user) },
      };
    });
    const failureAt = async (afterBytes: number): Promise<unknown> => {
      const asked = client.chat.completions.create({
        model: "up/gpt",
        messages: hello,
        stream: true,
        user: String(afterBytes),
      });
      return asked
        .then(async (answer) => Array.fromAsync(answer))
        .then(
          () => "success",
          (caught: unknown) => caught,
        );
    };
    const places = Array.from({ length: stream.length + 1 }, (_, afterBytes) => afterBytes);
    for (let start = 0; start < places.length; start += 50) {
      const batch = places.slice(start, start + 50);
      for (const [index, failure] of (await Promise.all(batch.map(failureAt))).entries())
        expect(failure, `cut after ${batch[index]} bytes`).toBeInstanceOf(OpenAI.APIError);
    }
    const ended = () => server.logger.entries.filter((entry) => entry.message === "call");
    await until(() => ended().length === places.length);
    expect(new Set(ended().map(({ fields }) => fields.outcome))).toEqual(new Set(["upstream-cut"]));
    const records = await recordsOf(server, places.length);
    expect(new Set(records.map(({ requestId }) => requestId)).size).toBe(places.length);
    expect(records.every(({ outcome }) => outcome === "upstream-cut")).toBe(true);
    // What passed is accounted for, though the vendor never told.
    const late = records.filter(({ usage }) => usage !== undefined && usage.outputTokens > 0);
    expect(late.length).toBeGreaterThan(places.length / 4);
  });
});

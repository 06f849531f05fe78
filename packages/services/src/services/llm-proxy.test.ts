import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { type ExecuteResponse, LlmProxyService, type StreamChunk } from "@llmproxy/proto";
import { type Part, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createRpcRoutes } from "../driver/routes.ts";
import type { CallInput } from "../services-core.ts";
import type { FakeCoreOptions } from "../testing/fake-core.ts";
import { fakeReply, type Step, textParts } from "../testing/fake-reply.ts";
import { as, testServices } from "../testing/test-services.ts";

function setup(options: FakeCoreOptions = {}) {
  const services = testServices({ info: { defaultModel: "fast" }, ...options });
  const transport = createRouterTransport(createRpcRoutes(services.options));
  return { ...services, client: createClient(LlmProxyService, transport) };
}

const hello = { userFragments: ["Hi"], modelName: "gpt-4o" };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const cut = new ProxyError("upstream_cut", "the provider broke off");
const vendorFailure = new ProxyError("upstream_failed", "the provider answered 500");

const answering = (steps: readonly Step[], headers: Record<string, string> = {}): FakeCoreOptions => ({
  answer: () => fakeReply(steps, headers),
});
const failing = (error: Error): FakeCoreOptions => ({ answer: () => Promise.reject(error) });

/** Everything a stream said, and how it ended. */
async function read(stream: AsyncIterable<StreamChunk>) {
  const chunks: StreamChunk["chunkType"][] = [];
  const ids = new Set<string>();
  let error: ConnectError | undefined;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk.chunkType);
      ids.add(chunk.requestId);
    }
  } catch (reason) {
    error = ConnectError.from(reason);
  }
  return { chunks, ids: [...ids], error };
}

const statusOf = (promise: Promise<unknown>): Promise<ConnectError> =>
  promise.then((value) => expect.unreachable(JSON.stringify(value)), ConnectError.from);

const metricsOf = ({ result }: ExecuteResponse) =>
  result.case === "success" ? result.value.metrics : expect.unreachable();

describe("Execute", () => {
  it("answers with text, model and metrics", async () => {
    const { client } = setup();
    const response = await client.execute(hello, as("key"));
    expect(response.result).toMatchObject({
      case: "success",
      value: { responseText: "Hello world", actualModelUsed: "vendor-model-2026" },
    });
    const { durationMs = -1n, timestamp = 0n } = metricsOf(response) ?? {};
    expect(metricsOf(response)).toMatchObject({
      inputTokens: 14,
      outputTokens: 5,
      totalTokens: 19,
      retryCount: 0,
    });
    expect(durationMs).toBeGreaterThanOrEqual(0n);
    expect(timestamp).toBeGreaterThan(1_700_000_000n);
  });

  it("sends the prompt to the core with the identity of who asks", async () => {
    const { client, core } = setup();
    const headers = { ...as("key").headers, traceparent: "00-abc-def-01", "x-request-id": "my-request" };
    await client.execute({ ...hello, systemFragments: ["Be brief."] }, { headers });
    const { signal: _signal, credentials, ...call } = core.calls[0] as CallInput;
    expect(call).toEqual({
      requestId: "my-request",
      endpoint: "/llmproxy.v1.LlmProxyService/Execute",
      traceparent: "00-abc-def-01",
      chat: {
        model: "gpt-4o",
        messages: [
          { role: "system", content: [{ type: "text", text: "Be brief." }] },
          { role: "user", content: [{ type: "text", text: "Hi" }] },
        ],
        sampling: {},
        stream: false,
        includeUsage: true,
      },
    });
    expect(credentials.kind === "token" && credentials.token.reveal()).toBe("key");
  });

  it.each([
    ["the server's default model for none", { modelName: undefined }],
    ["the server's default model for an empty name", { modelName: "" }],
  ])("asks %s", async (_what, { modelName }) => {
    const { client, core } = setup();
    await client.execute({ userFragments: ["Hi"], ...(modelName !== undefined && { modelName }) }, as("key"));
    expect(core.calls[0]?.chat.model).toBe("fast");
  });

  it("counts what a refusal says as text", async () => {
    const parts: Part[] = [
      { type: "refusal-delta", choice: 0, text: "I " },
      { type: "refusal-delta", choice: 0, text: "won't." },
    ];
    const { client } = setup(answering(parts));
    const { result } = await client.execute(hello, as("key"));
    expect(result).toMatchObject({ value: { responseText: "I won't.", actualModelUsed: "gpt-4o" } });
  });

  it("leaves out reasoning and answers nobody asked for", async () => {
    const parts: Part[] = [
      { type: "reasoning-delta", choice: 0, text: "hmm" },
      { type: "text-delta", choice: 1, text: "other" },
      { type: "text-delta", choice: 0, text: "42" },
    ];
    const { client } = setup(answering(parts));
    const { result } = await client.execute(hello, as("key"));
    expect(result).toMatchObject({ value: { responseText: "42" } });
  });

  it("passes on what the headers of the reply tell, and no others", async () => {
    const headers = {
      "x-llmproxy-attempts": "3",
      "x-llmproxy-model": "gpt-4o-2026",
      "x-ratelimit-remaining-requests": "9",
      "content-length": "5",
      "set-cookie": "a=b",
    };
    const { client } = setup(answering(textParts("Hi"), headers));
    let received = new Headers();
    const response = await client.execute(hello, {
      ...as("key"),
      onHeader(headers) {
        received = headers;
      },
    });
    expect(received.get("x-llmproxy-model")).toBe("gpt-4o-2026");
    expect(received.get("x-ratelimit-remaining-requests")).toBe("9");
    expect(received.has("set-cookie")).toBe(false);
    expect(metricsOf(response)?.retryCount).toBe(2);
  });

  describe("request ids", () => {
    it.each([
      ["the message's", "from-message", "from-header", "from-message", "from-message"],
      ["the header's where the message has none", "", "from-header", "from-header", "from-header"],
      ["the message's even where only people can use it", "no. 1", "from-header", "no. 1", "from-header"],
    ])("sends back %s", async (_what, requestId, header, echoed, known) => {
      const { client, core } = setup();
      const headers = { ...as("key").headers, "x-request-id": header };
      let received = "";
      const onHeader = (it: Headers): void => {
        received = it.get("x-request-id") ?? "";
      };
      const response = await client.execute({ ...hello, requestId }, { headers, onHeader });
      expect(response.requestId).toBe(echoed);
      expect([core.calls[0]?.requestId, received]).toEqual([known, known]);
    });

    it("makes one where the client has none", async () => {
      const { client } = setup();
      const response = await client.execute(hello, as("key"));
      expect(response.requestId).toMatch(uuid);
    });
  });

  describe("what cannot be answered", () => {
    it("says NO_MODEL in band when neither request nor server name one", async () => {
      const { client, core } = setup({ info: {} });
      const { result, requestId } = await client.execute({ userFragments: ["Hi"] }, as("key"));
      expect(result).toMatchObject({ case: "error", value: { errorCode: "NO_MODEL" } });
      expect(requestId).toMatch(uuid);
      expect(core.calls[0]?.refusal).toMatchObject({ code: "invalid_request", reason: "no_model" });
    });

    it.each([
      ["MODEL_NOT_FOUND", new ProxyError("model_not_found", 'no model "gpt-9"'), undefined],
      ["EXECUTION_FAILED", vendorFailure, "the provider answered 500"],
      ["EXECUTION_FAILED", new ProxyError("upstream_auth", "our key was refused"), "our key was refused"],
      ["EXECUTION_FAILED", cut, "the provider broke off"],
    ])("says %s in band for %o", async (errorCode, error, errorDetails) => {
      const { client } = setup(failing(error));
      const { result } = await client.execute(hello, as("key"));
      expect(result).toMatchObject({ case: "error", value: { errorCode } });
      expect(result.case === "error" && result.value.errorDetails).toBe(errorDetails);
    });

    it("says EXECUTION_FAILED in band for an answer cut off in the middle", async () => {
      const { client } = setup(answering([...textParts("Hel").slice(0, 2), cut]));
      const { result } = await client.execute(hello, as("key"));
      expect(result).toMatchObject({ case: "error", value: { errorCode: "EXECUTION_FAILED" } });
    });

    it.each([
      ["limit_exceeded", Code.ResourceExhausted],
      ["budget_exceeded", Code.ResourceExhausted],
      ["model_not_allowed", Code.PermissionDenied],
      ["project_inactive", Code.PermissionDenied],
      ["invalid_request", Code.InvalidArgument],
      ["deadline_exceeded", Code.DeadlineExceeded],
      ["circuit_open", Code.Unavailable],
      ["overloaded", Code.Unavailable],
      ["unavailable", Code.Unavailable],
    ] as const)("answers %s with a status", async (code, status) => {
      const { client } = setup(failing(new ProxyError(code, "not now")));
      const error = await statusOf(client.execute(hello, as("key")));
      expect([error.code, error.rawMessage]).toEqual([status, "not now"]);
    });

    it("hides what nobody foresaw, and logs it", async () => {
      const { client, logger } = setup(failing(new TypeError("hunter2 is not a function")));
      const error = await statusOf(client.execute(hello, as("key")));
      expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
      const logged = logger.entries.find(({ level }) => level === "error");
      expect(logged?.fields).toMatchObject({
        code: "internal",
        error: { message: "hunter2 is not a function" },
      });
    });

    it.each([
      ["response_model_schema", { ...hello, responseModelSchema: "[]" }],
      ["user_fragments", { modelName: "gpt-4o" }],
    ])("lets the pipeline refuse a message with a bad %s", async (field, message) => {
      const { client, core } = setup();
      const error = await statusOf(client.execute(message, as("key")));
      expect(error.code).toBe(Code.InvalidArgument);
      expect(core.calls.map(({ refusal, chat }) => [refusal?.field, chat.messages])).toEqual([[field, []]]);
    });
  });
});

describe("StreamExecute", () => {
  it("sends the text as it comes, then that it is complete, then what it took", async () => {
    const { client, core } = setup();
    const { chunks, ids, error } = await read(
      client.streamExecute({ ...hello, requestId: "r-1" }, as("key")),
    );
    expect(error).toBeUndefined();
    expect(chunks).toMatchObject([
      { case: "textChunk", value: "Hello" },
      { case: "textChunk", value: " world" },
      { case: "complete", value: { actualModelUsed: "vendor-model-2026" } },
      { case: "finalMetrics", value: { inputTokens: 14, outputTokens: 5, retryCount: 0 } },
    ]);
    expect(ids).toEqual(["r-1"]);
    expect(core.calls[0]?.chat.stream).toBe(true);
  });

  it("sends the first text before the upstream says the second", async () => {
    const second = Promise.withResolvers<void>();
    const [start, first, ...rest] = textParts("one", "two") as [Part, Part, ...Part[]];
    const { client } = setup(answering([start, first, second.promise, ...rest]));
    const stream = client.streamExecute(hello, as("key"))[Symbol.asyncIterator]();
    expect((await stream.next()).value?.chunkType).toEqual({ case: "textChunk", value: "one" });
    second.resolve();
    expect((await stream.next()).value?.chunkType).toEqual({ case: "textChunk", value: "two" });
    await read({ [Symbol.asyncIterator]: () => stream });
  });

  it("sends no chunk for an empty text", async () => {
    const { client } = setup(answering(textParts("", "x", "")));
    const { chunks } = await read(client.streamExecute(hello, as("key")));
    expect(chunks.map((chunk) => chunk.case)).toEqual(["textChunk", "complete", "finalMetrics"]);
  });

  it("says NO_MODEL in band and ends well", async () => {
    const { client } = setup({ info: {} });
    const { chunks, error } = await read(client.streamExecute({ userFragments: ["Hi"] }, as("key")));
    expect(chunks).toMatchObject([{ case: "error", value: { errorCode: "NO_MODEL" } }]);
    expect(error).toBeUndefined();
  });

  it("says in band that the provider failed, before or within its answer, and ends well", async () => {
    for (const options of [
      failing(vendorFailure),
      answering([...textParts("Hel").slice(0, 2), vendorFailure]),
    ]) {
      const { client } = setup(options);
      const { chunks, error } = await read(client.streamExecute(hello, as("key")));
      expect(chunks.at(-1)).toMatchObject({ case: "error", value: { errorCode: "EXECUTION_FAILED" } });
      expect(error).toBeUndefined();
    }
  });

  it("never ends well when the provider broke off, and says nothing of completion", async () => {
    const { client } = setup(answering([...textParts("Hel").slice(0, 2), cut]));
    const { chunks, error } = await read(client.streamExecute(hello, as("key")));
    expect(chunks).toMatchObject([
      { case: "textChunk", value: "Hel" },
      { case: "error", value: { errorCode: "EXECUTION_FAILED", errorDetails: "the provider broke off" } },
    ]);
    expect(error?.code).toBe(Code.Unavailable);
  });

  it("ends with a status when a deadline of ours passes within the answer", async () => {
    const late = new ProxyError("deadline_exceeded", "the answer took too long");
    const { client } = setup(answering([...textParts("Hel").slice(0, 2), late]));
    const { chunks, error } = await read(client.streamExecute(hello, as("key")));
    expect(chunks.map((chunk) => chunk.case)).toEqual(["textChunk"]);
    expect(error?.code).toBe(Code.DeadlineExceeded);
  });

  it("releases the reply when it has been read", async () => {
    const reply = fakeReply(textParts("Hi"));
    const { client } = setup({ answer: () => reply });
    await read(client.streamExecute(hello, as("key")));
    expect(reply.canceledBy).toBeUndefined();
  });
});

describe("GetServerInfo", () => {
  it("tells the models the caller may ask for, and their other names", async () => {
    const { client, core } = setup({
      info: {
        defaultModel: "fast",
        models: [
          { id: "fast", provider: "openai", aliases: ["default", "quick"] },
          { id: "large", provider: "groq", aliases: [], maxContextTokens: 128_000 },
        ],
        limits: { maxRequestsPerMinute: 60 },
      },
    });
    const info = await client.getServerInfo({}, as("key"));
    expect(info).toMatchObject({
      serverName: "llmproxy",
      serverVersion: "1.2.3",
      defaultModel: "fast",
      modelAliases: { default: "fast", quick: "fast" },
      availableModels: [
        {
          modelId: "fast",
          displayName: "fast",
          provider: "openai",
          supportsStreaming: true,
          aliases: ["default", "quick"],
        },
        {
          modelId: "large",
          provider: "groq",
          supportsStreaming: true,
          maxContextLength: 128_000,
          aliases: [],
        },
      ],
      limits: { maxRequestsPerMinute: 60 },
    });
    expect(info.availableModels[0]?.maxContextLength).toBeUndefined();
    expect(info.limits?.maxConcurrentRequests).toBeUndefined();
    expect(core.asked).toMatchObject([{ operation: "server.info", principal: { id: "abcdefghijkl" } }]);
  });
});

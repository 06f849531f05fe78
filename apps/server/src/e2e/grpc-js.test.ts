import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { createFakeUpstream, openaiChat, until } from "@llmproxy/testing";
import { service as healthDefinition } from "grpc-health-check";
import { describe, expect, it } from "vitest";
import { type Message, seedClient, type Unary, unary } from "../test-support/seed-client.ts";
import { startTestServer, type TestServer, upstreamProvider } from "../test-support/test-server.ts";

function keyOf(server: TestServer): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${server.apiKey}`);
  return metadata;
}

describe("a gRPC client built from the seed's own names", () => {
  it("asks who the server is", async () => {
    await using server = await startTestServer({ default_model: "echo" });
    using client = await seedClient(server);
    const info = await unary(client.GetServerInfo.bind(client), {}, keyOf(server));
    expect(info).toMatchObject({
      default_model: "echo",
      server_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      available_models: [
        expect.objectContaining({ model_id: "echo", provider: "echo", supports_streaming: true }),
      ],
    });
  });

  it("executes, with the request id echoed and the metrics filled in", async () => {
    await using server = await startTestServer();
    using client = await seedClient(server);
    const request = {
      user_fragments: ["one", "two"],
      system_fragments: ["be brief"],
      model_name: "echo",
      request_id: "r-1",
    };
    const response = await unary(client.Execute.bind(client), request, keyOf(server));
    expect(response).toMatchObject({
      request_id: "r-1",
      result: "success",
      success: { response_text: "one\n\ntwo", actual_model_used: "echo", metrics: { retry_count: 0 } },
    });
    const metrics = (response.success as Message).metrics as Message;
    expect(metrics.total_tokens).toBe((metrics.input_tokens as number) + (metrics.output_tokens as number));
    expect(Math.abs((metrics.timestamp as number) - Date.now() / 1000)).toBeLessThan(60);
  });

  it("makes a request id where there is none", async () => {
    await using server = await startTestServer({ default_model: "echo" });
    using client = await seedClient(server);
    const response = await unary(client.Execute.bind(client), { user_fragments: ["x"] }, keyOf(server));
    expect(response.request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("streams text, then complete, then final_metrics", async () => {
    await using server = await startTestServer();
    using client = await seedClient(server);
    const chunks = await client
      .StreamExecute({ user_fragments: ["one two three"], model_name: "echo" }, keyOf(server))
      .toArray();
    const kinds = chunks.map((chunk: Message) => chunk.chunk_type);
    expect(kinds.slice(-2)).toEqual(["complete", "final_metrics"]);
    expect(new Set(kinds.slice(0, -2))).toEqual(new Set(["text_chunk"]));
    expect(chunks.map((chunk: Message) => chunk.text_chunk ?? "").join("")).toBe("one two three");
    expect(chunks.at(-2)).toMatchObject({ complete: { actual_model_used: "echo" } });
  });

  it.each([
    ["no model and no default", {}, "NO_MODEL"],
    ["an unknown model", { model_name: "nope" }, "MODEL_NOT_FOUND"],
  ])("is told in band about %s", async (_what, request, code) => {
    await using server = await startTestServer();
    using client = await seedClient(server);
    const response = await unary(
      client.Execute.bind(client),
      { user_fragments: ["x"], ...request },
      keyOf(server),
    );
    expect(response).toMatchObject({ result: "error", error: { error_code: code } });
    const chunks = await client.StreamExecute({ user_fragments: ["x"], ...request }, keyOf(server)).toArray();
    expect(chunks.at(-1)).toMatchObject({ chunk_type: "error", error: { error_code: code } });
  });

  it("is told in band when the upstream fails", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ status: 500, body: "{}" });
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    using client = await seedClient(server);
    const response = await unary(
      client.Execute.bind(client),
      { user_fragments: ["x"], model_name: "up/gpt" },
      keyOf(server),
    );
    expect(response).toMatchObject({ result: "error", error: { error_code: "EXECUTION_FAILED" } });
  });

  it("gets a status that is not OK when the upstream is cut within the stream", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(
      openaiChat({ text: "one two three four five", fault: { kind: "cut", afterBytes: 400 } }),
    );
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    using client = await seedClient(server);
    const stream = client.StreamExecute({ user_fragments: ["x"], model_name: "up/gpt" }, keyOf(server));
    const kinds: unknown[] = [];
    const failure = await new Promise<ServiceError>((resolve) => {
      stream.on("data", (chunk: Message) => kinds.push(chunk.chunk_type));
      stream.on("error", (error: ServiceError) => resolve(error));
    });
    expect(failure.code).toBe(status.UNAVAILABLE);
    expect(kinds).not.toContain("complete");
  });

  it.each([
    ["without a key", new Metadata()],
    ["with a wrong key", Object.assign(new Metadata(), {})],
  ])("is UNAUTHENTICATED %s", async (what, metadata) => {
    await using server = await startTestServer();
    using client = await seedClient(server);
    if (what === "with a wrong key") metadata.set("authorization", "Bearer sk-llp-v-wrong");
    const request = { user_fragments: ["x"], model_name: "echo" };
    await expect(unary(client.Execute.bind(client), request, metadata)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    await expect(unary(client.GetServerInfo.bind(client), {}, metadata)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    const stream = client.StreamExecute(request, metadata);
    await expect(stream.toArray()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it("keeps its deadline", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "", fault: { kind: "stall" } });
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    using client = await seedClient(server);
    const call = client.Execute.bind(client) as unknown as (
      request: Message,
      metadata: Metadata,
      options: object,
      callback: (error: unknown) => void,
    ) => void;
    const request = { user_fragments: ["x"], model_name: "up/gpt" };
    const failure = await new Promise((resolve) =>
      call(request, keyOf(server), { deadline: Date.now() + 300 }, resolve),
    );
    expect(failure).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await until(() =>
      upstream.requests.filter(({ method }) => method === "POST").every(({ isClosed }) => isClosed),
    );
  });

  it("releases the upstream when it cancels", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(
      openaiChat({ text: "one two three four five six", fault: { kind: "stall", afterBytes: 500 } }),
    );
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    using client = await seedClient(server);
    const stream = client.StreamExecute({ user_fragments: ["x"], model_name: "up/gpt" }, keyOf(server));
    stream.on("error", () => {});
    await new Promise((resolve) => stream.once("data", resolve));
    stream.cancel();
    await until(() => upstream.requests.some(({ method, isAborted }) => method === "POST" && isAborted));
  });
});

describe("the gRPC health service", () => {
  it("answers check and watch without credentials", async () => {
    await using server = await startTestServer();
    const loaded = loadPackageDefinition({
      "grpc.health.v1.Health": healthDefinition,
    } as never) as unknown as {
      grpc: { health: { v1: { Health: new (address: string, secure: unknown) => Record<string, never> } } };
    };
    const client = new loaded.grpc.health.v1.Health(
      new URL(server.url).host,
      credentials.createInsecure(),
    ) as unknown as {
      check: Unary;
      watch(request: Message): ClientReadableStream<Message>;
      close(): void;
    };
    expect(await unary(client.check.bind(client), { service: "" }, new Metadata())).toMatchObject({
      status: expect.anything(),
    });
    await expect(
      unary(client.check.bind(client), { service: "no.such.Service" }, new Metadata()),
    ).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    const watching = client.watch({ service: "" });
    const states: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      watching.on("data", (message: Message) => states.push(message.status));
      watching.on("end", resolve).on("error", () => resolve());
    });
    await until(() => states.length === 1);
    const stopping = server.server.stop();
    // The watch ends by itself: a drain does not wait for it.
    await ended;
    expect(await stopping).toEqual({ aborted: 0 });
    client.close();
    expect(states[0]).not.toEqual(states[1]);
  });
});

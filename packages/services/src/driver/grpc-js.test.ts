/**
 * Google's own client for Node, as whoever generated code from an existing proto uses it.
 *
 * @module
 */

import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  ChatRole,
  CompleteRequestSchema,
  CompleteResponseSchema,
  type ExecuteRequest,
  ExecuteRequestSchema,
  ExecuteResponseSchema,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  StreamChunkSchema,
  StreamCompleteRequestSchema,
  StreamCompleteResponseSchema,
} from "@llmproxy/proto";
import { ProxyError, type Reply } from "@llmproxy/spec";
import { until } from "@llmproxy/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fakeReply, textParts } from "../testing/fake-reply.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { testServices } from "../testing/test-services.ts";

const never = new Promise<never>(() => undefined);
const hello = create(ExecuteRequestSchema, { userFragments: ["Hi"], modelName: "m" });

let reply: () => Reply | Promise<Reply>;
const services = testServices({ answer: () => reply() });
let server: TestServer;
let client: Client;

beforeAll(async () => {
  server = await startTestServer(services.options);
  client = new Client(server.http2.replace("http://", ""), credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await server.close();
});
beforeEach(() => {
  reply = () => fakeReply(textParts("Hello", " world"));
});

const writer =
  <Desc extends DescMessage>(desc: Desc) =>
  (message: MessageShape<Desc>) =>
    Buffer.from(toBinary(desc, message));
const reader =
  <Desc extends DescMessage>(desc: Desc) =>
  (bytes: Buffer) =>
    fromBinary(desc, bytes);

function as(who: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${who}`);
  return metadata;
}

function execute(service: string, metadata = as("key"), message: ExecuteRequest = hello) {
  return new Promise<MessageShape<typeof ExecuteResponseSchema>>((resolve, reject) => {
    const [write, read] = [writer(ExecuteRequestSchema), reader(ExecuteResponseSchema)];
    client.makeUnaryRequest(`/${service}/Execute`, write, read, message, metadata, (error, response) => {
      if (response) resolve(response);
      else reject(error);
    });
  });
}

function streamExecute(service: string, deadline?: Date) {
  const [write, read] = [writer(ExecuteRequestSchema), reader(StreamChunkSchema)];
  const options = deadline ? { deadline } : {};
  return client.makeServerStreamRequest(`/${service}/StreamExecute`, write, read, hello, as("key"), options);
}

describe.each(["llmproxy.v1.LlmProxyService", "vibectl.llm_proxy.VibectlLLMProxy"])("%s", (service) => {
  it("answers", async () => {
    const { result } = await execute(service);
    expect(result).toMatchObject({ case: "success", value: { responseText: "Hello world" } });
    expect(services.core.calls.at(-1)?.endpoint).toBe("/llmproxy.v1.LlmProxyService/Execute");
  });

  it("streams", async () => {
    const cases = [];
    for await (const chunk of streamExecute(service)) cases.push(chunk.chunkType.case);
    expect(cases).toEqual(["textChunk", "textChunk", "complete", "finalMetrics"]);
  });

  it("asks who it is", async () => {
    await expect(execute(service, as("wrong"))).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it("takes fields it does not know", async () => {
    const unknown = new Uint8Array([0xfa, 0x07, 0x01, 0x78]);
    const message = fromBinary(
      ExecuteRequestSchema,
      Buffer.concat([toBinary(ExecuteRequestSchema, hello), unknown]),
    );
    expect((await execute(service, as("key"), message)).result.case).toBe("success");
  });
});

describe("a grpc-js client", () => {
  const service = "llmproxy.v1.LlmProxyService";

  it("reads limits from status, details and trailers", async () => {
    reply = () =>
      Promise.reject(new ProxyError("limit_exceeded", "too many requests", { retryAfterMs: 1500 }));
    const error: ServiceError = await execute(service).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect([error.code, error.details]).toEqual([status.RESOURCE_EXHAUSTED, "too many requests"]);
    expect(error.metadata.get("retry-after-ms")).toEqual(["1500"]);
    expect(error.metadata.get("grpc-status-details-bin")[0]?.toString()).toContain("google.rpc.RetryInfo");
  });

  it("gets UNAVAILABLE after the last words of an answer that was cut", async () => {
    reply = () => fakeReply([...textParts("Hel").slice(0, 2), new ProxyError("upstream_cut", "broke off")]);
    const cases: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of streamExecute(service)) cases.push(chunk.chunkType.case);
    };
    await expect(read()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(cases).toEqual(["textChunk", "error"]);
  });

  it("cancels the reply by canceling", async () => {
    const canceled = fakeReply([...textParts("Hel").slice(0, 2), never]);
    reply = () => canceled;
    const stream = streamExecute(service);
    const ended = new Promise<ServiceError>((resolve) => stream.on("error", resolve));
    stream.on("data", () => stream.cancel());
    expect((await ended).code).toBe(status.CANCELLED);
    await until(() => canceled.canceledBy !== undefined);
  });

  it("cancels the reply by its deadline", async () => {
    const late = fakeReply([...textParts("Hel").slice(0, 2), never]);
    reply = () => late;
    const stream = streamExecute(service, new Date(Date.now() + 50));
    const ended = new Promise<ServiceError>((resolve) => stream.on("error", resolve));
    stream.resume();
    expect((await ended).code).toBe(status.DEADLINE_EXCEEDED);
    await until(() => late.canceledBy !== undefined);
  });

  it("watches health", async () => {
    const watch = client.makeServerStreamRequest(
      "/grpc.health.v1.Health/Watch",
      writer(HealthCheckRequestSchema),
      reader(HealthCheckResponseSchema),
      create(HealthCheckRequestSchema, { service }),
    );
    watch.on("error", () => undefined);
    const states = watch[Symbol.asyncIterator]();
    expect((await states.next()).value.status).toBe(1);
    services.health.set(false);
    expect((await states.next()).value.status).toBe(2);
    watch.cancel();
    await until(() => services.health.listeners === 0);
    services.health.set(true);
  });
});

describe("llmproxy.v1.ChatService", () => {
  const chat = { model: "m", messages: [{ role: ChatRole.USER }] };

  it("answers", async () => {
    const [write, read] = [writer(CompleteRequestSchema), reader(CompleteResponseSchema)];
    const message = create(CompleteRequestSchema, { chat });
    const path = "/llmproxy.v1.ChatService/Complete";
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    client.makeUnaryRequest(path, write, read, message, as("key"), (error, response) => {
      if (response) resolve(response);
      else reject(error);
    });
    await expect(promise).resolves.toMatchObject({
      choices: [{ content: [{ kind: { value: "Hello world" } }] }],
    });
  });

  it("streams, and lets go of the upstream when it is canceled", async () => {
    const held = fakeReply([...textParts("Hel").slice(0, 2), never]);
    reply = () => held;
    const [write, read] = [writer(StreamCompleteRequestSchema), reader(StreamCompleteResponseSchema)];
    const message = create(StreamCompleteRequestSchema, { chat });
    const path = "/llmproxy.v1.ChatService/StreamComplete";
    const stream = client.makeServerStreamRequest(path, write, read, message, as("key"));
    const cases: unknown[] = [];
    stream.on("data", ({ part }) => cases.push(part.case));
    const ended = new Promise<ServiceError>((resolve) => stream.on("error", resolve));
    await until(() => cases.length === 2);
    stream.cancel();
    expect(await ended).toMatchObject({ code: status.CANCELLED });
    await until(() => held.canceledBy !== undefined);
    expect(cases).toEqual(["start", "text"]);
  });
});

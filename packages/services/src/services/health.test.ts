import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Status,
} from "@llmproxy/proto";
import { until } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createRpcRoutes } from "../driver/routes.ts";
import { testServices } from "../testing/test-services.ts";

function setup() {
  const services = testServices();
  const transport = createRouterTransport(createRpcRoutes(services.options));
  return { ...services, client: createClient(Health, transport) };
}

const names = [
  "",
  "llmproxy.v1.LlmProxyService",
  "vibectl.llm_proxy.VibectlLLMProxy",
  "llmproxy.v1.ChatService",
  "llmproxy.management.v1.ProjectService",
  "llmproxy.management.v1.KeyService",
  "llmproxy.management.v1.ConfigurationService",
  "llmproxy.management.v1.JwtService",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

describe("Check", () => {
  it.each(names)("knows %j", async (service) => {
    const { client, health } = setup();
    expect((await client.check({ service })).status).toBe(Status.SERVING);
    health.set(false);
    expect((await client.check({ service })).status).toBe(Status.NOT_SERVING);
  });

  it.each(["llmproxy.v1.Nothing", "LlmProxyService", " "])("does not know %j", async (service) => {
    const { client } = setup();
    const error = await client.check({ service }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.NotFound });
  });

  it("needs no credentials and looks at none", async () => {
    const { client, logins } = setup();
    await client.check({}, { headers: { authorization: "Bearer wrong" } });
    expect(logins()).toBe(0);
  });
});

describe("List", () => {
  it("tells about every service", async () => {
    const { client } = setup();
    const { statuses } = await client.list({});
    expect(Object.keys(statuses).sort()).toEqual([...names].sort());
    expect(new Set(Object.values(statuses).map(({ status }) => status))).toEqual(new Set([Status.SERVING]));
  });
});

describe("Watch", () => {
  it("tells the state at once and after each change", async () => {
    const { client, health } = setup();
    const stop = new AbortController();
    const watch = client.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
    expect(await next(watch)).toBe(Status.SERVING);
    health.set(false);
    expect(await next(watch)).toBe(Status.NOT_SERVING);
    health.set(true);
    expect(await next(watch)).toBe(Status.SERVING);
    stop.abort();
    await expect(next(watch)).rejects.toMatchObject({ code: Code.Canceled });
  });

  it("tells a change made before the client reads on", async () => {
    const { client, health } = setup();
    const stop = new AbortController();
    const watch = client.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await next(watch);
    health.set(false);
    health.set(true);
    health.set(false);
    expect(await next(watch)).toBe(Status.NOT_SERVING);
    stop.abort();
  });

  it("says nothing twice", async () => {
    const { client, health } = setup();
    const stop = new AbortController();
    const watch = client.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await next(watch);
    const second = next(watch);
    health.set(true);
    health.set(true);
    health.set(false);
    expect(await second).toBe(Status.NOT_SERVING);
    stop.abort();
  });

  it("keeps the stream of an unknown service open", async () => {
    const { client, health } = setup();
    const stop = new AbortController();
    const watch = client
      .watch({ service: "later.v1.Service" }, { signal: stop.signal })
      [Symbol.asyncIterator]();
    expect(await next(watch)).toBe(Status.SERVICE_UNKNOWN);
    const second = next(watch);
    health.set(false);
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: Code.Canceled });
  });

  it("stops listening when the client leaves", async () => {
    const { client, health } = setup();
    const stop = new AbortController();
    const watches = ["", "llmproxy.v1.LlmProxyService"].map((service) =>
      client.watch({ service }, { signal: stop.signal })[Symbol.asyncIterator](),
    );
    for (const watch of watches) await next(watch);
    expect(health.listeners).toBe(2);
    stop.abort();
    await until(() => health.listeners === 0);
  });

  it("ends when the deadline passes", async () => {
    const { client, health } = setup();
    const watch = client.watch({}, { timeoutMs: 20 })[Symbol.asyncIterator]();
    await next(watch);
    await expect(next(watch)).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    await until(() => health.listeners === 0);
  });
});

async function next(watch: AsyncIterator<HealthCheckResponse>): Promise<Status | undefined> {
  return (await watch.next()).value?.status;
}

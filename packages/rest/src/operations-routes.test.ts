import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Health, ProxyError, systemClock } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createOperationsRoutes, type MetricsRoute, type OperationsOptions } from "./operations-routes.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function healthOf(ready: boolean, message?: string): Health {
  const check = { name: "store", healthy: ready, ...(message !== undefined && { message }) };
  return { status: () => ({ ready, checks: [check] }), onChange: () => () => {} };
}

/** Serves the routes on a free port; what is no route is answered with 404. */
async function serve(
  health: Health,
  metrics?: MetricsRoute,
  more: Partial<OperationsOptions> = {},
): Promise<string> {
  const routes = createOperationsRoutes({
    health,
    clock: systemClock,
    version: "1.2.3",
    requestId: (offered) => offered ?? "made-here",
    ...(metrics && { metrics }),
    ...more,
  });
  const server = createServer((request, response) => {
    if (!routes.handle(request, response)) response.writeHead(404).end();
  });
  closers.push(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("operations routes", () => {
  it.each(["/ready", "/health/ready", "/ready?verbose=1"])("%s answers 200 while ready", async (path) => {
    const answer = await fetch((await serve(healthOf(true))) + path);
    expect([answer.status, await answer.text()]).toEqual([200, "ready"]);
  });

  it("answers 503 with the failing checks while not ready", async () => {
    const answer = await fetch(`${await serve(healthOf(false, "the store does not answer"))}/ready`);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      "not ready\nstore: the store does not answer",
    ]);
  });

  it.each(["/live", "/health/live"])("%s answers 200 even while not ready", async (path) => {
    const answer = await fetch((await serve(healthOf(false))) + path);
    expect([answer.status, await answer.text()]).toEqual([200, "alive"]);
  });

  it("tells the health with version, time and checks", async () => {
    const answer = await fetch(`${await serve(healthOf(true))}/health`);
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ status: "ok", version: "1.2.3", checks: { store: "ok" } });
    expect(new Date(body.timestamp as string).toISOString()).toBe(body.timestamp);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("tells a degraded health with 200: the process itself is alive", async () => {
    const answer = await fetch(`${await serve(healthOf(false, "read-only"))}/health`);
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { status: "degraded", checks: { store: "read-only" } },
    ]);
  });

  it("refuses other methods and says which are allowed", async () => {
    const answer = await fetch(`${await serve(healthOf(true))}/health`, { method: "POST" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("answers HEAD without a body", async () => {
    const answer = await fetch(`${await serve(healthOf(true))}/health`, { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  it.each([
    [{}, "made-here"],
    [{ "x-request-id": "request-0001" }, "request-0001"],
  ])("names the request it answers: %j", async (headers, expected) => {
    const url = await serve(healthOf(true));
    for (const method of ["GET", "POST"])
      expect((await fetch(`${url}/health`, { method, headers })).headers.get("x-request-id")).toBe(expected);
  });

  it("leaves other paths to others", async () => {
    const url = await serve(healthOf(true));
    expect((await fetch(`${url}/healthy`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });
});

describe("/v1/health", () => {
  it.each([
    [true, "healthy"],
    [false, "degraded"],
  ])("of a server whose readiness is %s is %s", async (ready, status) => {
    const clock = createFakeClock();
    const url = await serve(healthOf(ready), undefined, { clock });
    await clock.advance(61_500);
    const answer = await fetch(`${url}/v1/health`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        status,
        timestamp: clock.now(),
        server: { name: "llmproxy", version: "1.2.3", uptime: 61 },
        node_manager: { total_engines: 0, loaded_engines: 0, unloaded_engines: 0, autoscaling: false },
        engines: [],
      },
    ]);
  });
});

describe("/.well-known/jwks.json", () => {
  const keys = { keys: [{ kty: "OKP", crv: "Ed25519", kid: "1", x: "abc" }] };

  it("publishes the keys, to be kept for five minutes", async () => {
    const url = await serve(healthOf(true), undefined, { jwks: async () => keys });
    const answer = await fetch(`${url}/.well-known/jwks.json`);
    expect([answer.headers.get("cache-control"), await answer.json()]).toEqual(["public, max-age=300", keys]);
  });

  it("is not there where no tokens are issued, and not kept where it fails", async () => {
    expect((await fetch(`${await serve(healthOf(true))}/.well-known/jwks.json`)).status).toBe(404);
    const broken = await serve(healthOf(true), undefined, { jwks: () => Promise.reject(new Error("x")) });
    const answer = await fetch(`${broken}/.well-known/jwks.json`);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([500, "no-store"]);
  });
});

describe("metrics", () => {
  const source = { prometheus: () => "a_total 1\n", json: () => ({ a_total: 1 }) };

  it("are Prometheus text, or JSON where asked for", async () => {
    const url = `${await serve(healthOf(true), { path: "/metrics", source })}/metrics`;
    const text = await fetch(url);
    expect([text.headers.get("content-type"), await text.text()]).toEqual([
      "text/plain; version=0.0.4; charset=utf-8",
      "a_total 1\n",
    ]);
    const json = await fetch(url, { headers: { accept: "application/json" } });
    expect(await json.json()).toEqual({ a_total: 1 });
  });

  it("are refused to who may not see them", async () => {
    const admit = () => Promise.reject(new ProxyError("unauthenticated", "credentials are missing"));
    const answer = await fetch(`${await serve(healthOf(true), { path: "/metrics", source, admit })}/metrics`);
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: { code: "unauthenticated", message: "credentials are missing" } },
    ]);
  });

  it("say when to come back to who is held off, and how to do better to who has no credentials", async () => {
    const refusals = [
      new ProxyError("limit_exceeded", "too many failed attempts", { retryAfterMs: 2_500 }),
      new ProxyError("unauthenticated", "credentials are missing"),
    ];
    const admit = () => Promise.reject(refusals.shift());
    const url = `${await serve(healthOf(true), { path: "/metrics", source, admit })}/metrics`;
    expect((await fetch(url)).headers.get("retry-after")).toBe("3");
    const { headers } = await fetch(url);
    expect([headers.get("www-authenticate"), headers.get("x-should-retry")]).toEqual(["Bearer", "false"]);
  });

  it("that cannot be read are an error, not a hanging request", async () => {
    const broken = { ...source, prometheus: () => Promise.reject(new Error("secret detail")) };
    const answer = await fetch(
      `${await serve(healthOf(true), { path: "/metrics", source: broken })}/metrics`,
    );
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining("secret detail")]);
  });
});

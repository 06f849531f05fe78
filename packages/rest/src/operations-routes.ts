/**
 * The routes operators and their tools ask: health, readiness, liveness, metrics, and the public keys of the tokens
 * issued here. All of them are public, and none says more than whether the server can serve; metrics may ask for
 * credentials.
 *
 * @module
 */

import { type Clock, type Health, type HealthStatus, type JsonObject, ProxyError } from "@llmproxy/spec";
import { errorHeaders } from "./http/write-error.ts";

/** What is used of a request; those of HTTP/1.1 and HTTP/2 both have it. */
export interface OperationsRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What is used of a response; those of HTTP/1.1 and HTTP/2 both have it. */
export interface OperationsResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: Uint8Array): unknown;
}

/** Measurements in the two forms `/metrics` answers in. */
export interface MetricsSource {
  /** Prometheus text format, version 0.0.4. */
  prometheus(): string | Promise<string>;
  json(): JsonObject | Promise<JsonObject>;
}

/** Where measurements are shown, and to whom. */
export interface MetricsRoute {
  readonly path: string;
  readonly source: MetricsSource;
  /** Rejects with a `ProxyError` for who may not see them; everybody may when absent. */
  admit?(request: OperationsRequest): Promise<void>;
}

/** What the routes need. */
export interface OperationsOptions {
  readonly health: Health;
  readonly clock: Clock;
  readonly version: string;
  /** Makes the `x-request-id` of an answer from the one the client offered. */
  requestId(offered: string | undefined): string;
  /** Absent where metrics are switched off: the path is then unknown here. */
  readonly metrics?: MetricsRoute;
  /**
   * The JSON Web Key Set (RFC 7517) of the tokens issued here, for `/.well-known/jwks.json`; absent where none are
   * issued: the path is then unknown here.
   */
  readonly jwks?: () => JsonObject | Promise<JsonObject>;
}

/** The routes. */
export interface OperationsRoutes {
  /** @returns false when the path is none of these routes; else the request has been taken */
  handle(request: OperationsRequest, response: OperationsResponse): boolean;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** `cache-control`; not to be kept when absent. */
  readonly cache?: string;
}

type Route = (request: OperationsRequest) => Answer | Promise<Answer>;

/** How long a key that was withdrawn may be trusted elsewhere. */
const jwksCache = "public, max-age=300";
const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/** Makes the routes. */
export function createOperationsRoutes(options: OperationsOptions): OperationsRoutes {
  const ready: Route = () => readiness(options.health.status());
  const alive: Route = () => text(200, "alive");
  const health: Route = () => healthReport(options);
  const startedMs = options.clock.monotonic();
  const routes = new Map<string, Route>([
    ["/health", health],
    ["/health/live", alive],
    ["/health/ready", ready],
    ["/live", alive],
    ["/ready", ready],
    ["/v1/health", () => serverReport(options, startedMs)],
  ]);
  const { metrics, jwks } = options;
  if (metrics) routes.set(metrics.path, (request) => metricsReport(request, metrics));
  if (jwks)
    routes.set("/.well-known/jwks.json", async () => ({ ...json(200, await jwks()), cache: jwksCache }));
  return {
    handle(request, response) {
      const route = routes.get(pathOf(request.url));
      if (!route) return false;
      const offered = request.headers["x-request-id"];
      response.setHeader(
        "x-request-id",
        options.requestId(typeof offered === "string" ? offered : undefined),
      );
      void answer(route, request, response);
      return true;
    },
  };
}

async function answer(route: Route, request: OperationsRequest, response: OperationsResponse): Promise<void> {
  const { method = "" } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    write(
      response,
      json(405, { error: { code: "method_not_allowed", message: `${method} is not allowed here; use GET` } }),
    );
    return;
  }
  try {
    write(response, await route(request));
  } catch (reason) {
    const error = ProxyError.from(reason);
    for (const [name, value] of Object.entries(errorHeaders(error))) response.setHeader(name, value);
    write(response, json(error.status, { error: { code: error.code, message: error.message } }));
  }
}

function write(response: OperationsResponse, answer: Answer): void {
  const body = Buffer.from(answer.body);
  response.statusCode = answer.status;
  response.setHeader("content-type", answer.type);
  response.setHeader("content-length", String(body.length));
  response.setHeader("cache-control", answer.cache ?? "no-store");
  response.end(body);
}

/** Health is about the process as a whole: a server that cannot serve just now is degraded, not down. */
function healthReport({ health, clock, version }: OperationsOptions): Answer {
  const { ready, checks } = health.status();
  return json(200, {
    status: ready ? "ok" : "degraded",
    timestamp: new Date(clock.now()).toISOString(),
    version,
    checks: Object.fromEntries(
      checks.map((check) => [check.name, check.message ?? (check.healthy ? "ok" : "failing")]),
    ),
  });
}

/**
 * The same for clients of inference servers, which ask for the state of the engines too. There are none in this
 * process: models are elsewhere.
 */
function serverReport({ health, clock, version }: OperationsOptions, startedMs: number): Answer {
  return json(200, {
    status: health.status().ready ? "healthy" : "degraded",
    timestamp: clock.now(),
    server: { name: "llmproxy", version, uptime: Math.floor((clock.monotonic() - startedMs) / 1000) },
    node_manager: { total_engines: 0, loaded_engines: 0, unloaded_engines: 0, autoscaling: false },
    engines: [],
  });
}

function readiness({ ready, checks }: HealthStatus): Answer {
  if (ready) return text(200, "ready");
  const failing = checks
    .filter((check) => !check.healthy)
    .map((check) => `${check.name}: ${check.message ?? "failing"}`);
  return text(503, ["not ready", ...failing].join("\n"));
}

async function metricsReport(request: OperationsRequest, { source, admit }: MetricsRoute): Promise<Answer> {
  await admit?.(request);
  if (String(request.headers.accept ?? "").includes("application/json"))
    return json(200, await source.json());
  return { status: 200, type: prometheusType, body: await source.prometheus() };
}

function json(status: number, body: JsonObject): Answer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body };
}

function pathOf(url = "/"): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

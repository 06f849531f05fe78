/**
 * The routes operators ask, as operations of the OpenAPI document.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";

/** Which of the routes there are. */
export interface OperationsPathsOptions {
  /** Where metrics are shown; nowhere when absent. */
  readonly metricsPath?: string | undefined;
  /** Whether the keys of tokens are published. */
  readonly jwks?: boolean | undefined;
}

const tag = { name: "Operations", description: "Whether the server serves, and how much." };

/** The tag of the routes. */
export const operationsTags: readonly JsonObject[] = [tag];

const time = "2026-01-31T12:00:00.000Z";

const healthSchema = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["ok", "degraded"] },
    timestamp: { type: "string", format: "date-time" },
    version: { type: "string" },
    checks: { type: "object", additionalProperties: { type: "string" } },
  },
  required: ["status", "timestamp", "version", "checks"],
};

const count = { type: "integer", minimum: 0 };

const serverSchema = {
  type: "object",
  properties: {
    status: { type: "string", enum: ["healthy", "degraded"] },
    timestamp: { type: "integer", description: "Milliseconds since the Unix epoch." },
    server: {
      type: "object",
      properties: {
        name: { type: "string" },
        version: { type: "string" },
        uptime: { ...count, description: "Seconds." },
      },
    },
    node_manager: {
      type: "object",
      properties: {
        total_engines: count,
        loaded_engines: count,
        unloaded_engines: count,
        autoscaling: { type: "boolean" },
      },
    },
    engines: { type: "array", items: { type: "object" } },
  },
  required: ["status", "timestamp", "server", "node_manager", "engines"],
};

const serverExample = {
  status: "healthy",
  timestamp: 1_769_860_800_000,
  server: { name: "llmproxy", version: "1.0.0", uptime: 60 },
  node_manager: { total_engines: 0, loaded_engines: 0, unloaded_engines: 0, autoscaling: false },
  engines: [],
};

const jwksSchema = {
  type: "object",
  properties: {
    keys: {
      type: "array",
      items: {
        type: "object",
        properties: { kty: { type: "string" }, kid: { type: "string" } },
        required: ["kty"],
      },
    },
  },
  required: ["keys"],
};

/** The routes by path. */
export function operationsPaths({ metricsPath, jwks }: OperationsPathsOptions): JsonObject {
  const health = { status: "ok", timestamp: time, version: "1.0.0", checks: { store: "ok" } };
  return {
    "/health": get("health", "Tells the state of the server", {
      "200": json("The state.", healthSchema, health),
    }),
    "/v1/health": get("serverHealth", "Tells the state of the server and its engines", {
      "200": json("The state.", serverSchema, serverExample),
    }),
    ...readiness("/ready", "ready"),
    ...readiness("/health/ready", "healthReady"),
    ...liveness("/live", "live"),
    ...liveness("/health/live", "healthLive"),
    ...(metricsPath !== undefined && { [metricsPath]: metrics() }),
    ...(jwks && {
      "/.well-known/jwks.json": get(
        "jwks",
        "Publishes the keys that verify the tokens issued here (RFC 7517)",
        {
          "200": json("The keys.", jwksSchema, {
            keys: [{ kty: "OKP", crv: "Ed25519", kid: "1", x: "abc" }],
          }),
        },
      ),
    }),
  };
}

function readiness(path: string, operationId: string): JsonObject {
  const answers = {
    "200": text("It serves.", "ready"),
    "503": text("It does not serve now.", "not ready\nstore: failing"),
  };
  return { [path]: get(operationId, "Tells whether the server serves", answers) };
}

function liveness(path: string, operationId: string): JsonObject {
  return { [path]: get(operationId, "Tells that the process runs", { "200": text("It runs.", "alive") }) };
}

function metrics(): JsonObject {
  return get("metrics", "Shows measurements", {
    "200": {
      description: "The measurements: Prometheus text, or JSON where `accept` asks for it.",
      content: {
        "text/plain": { schema: { type: "string" }, example: "llmproxy_calls_total 1\n" },
        "application/json": { schema: { type: "object" }, example: { llmproxy_calls_total: 1 } },
      },
    },
  });
}

function get(operationId: string, summary: string, responses: JsonObject): JsonObject {
  return {
    get: { operationId, tags: [tag.name], summary, description: `${summary}.`, security: [], responses },
  };
}

function json(description: string, schema: JsonObject, example: JsonValue): JsonObject {
  return { description, content: { "application/json": { schema, example } } };
}

function text(description: string, example: string): JsonObject {
  return { description, content: { "text/plain": { schema: { type: "string" }, example } } };
}

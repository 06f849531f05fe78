/**
 * `telemetry`: logs, metrics and traces.
 *
 * @module
 */

import { nullable, type output, prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, choice, flag, text } from "./fields.ts";

/** What is logged, and how. */
export interface LogConfig {
  /** The least severe event that is written. Default `info`. */
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** `auto`: text on a terminal, JSON elsewhere. Default `auto`. */
  readonly format: "auto" | "json" | "text";
}

/** Where metrics are shown. */
export interface MetricsConfig {
  /** Whether there are metrics. Default true. */
  readonly enabled: boolean;
  /** The path they are served at. Default `/metrics`. */
  readonly path: string;
  /** Whether reading them needs credentials. Default false. */
  readonly auth: boolean;
}

/** Logs and metrics. */
export interface TelemetryConfig {
  /** What is logged, and how. */
  readonly log: LogConfig;
  /** Where metrics are shown. */
  readonly metrics: MetricsConfig;
}

const logSchema = strictObject(
  {
    level: withDefault(choice(["debug", "info", "warn", "error", "silent"]), "info"),
    format: withDefault(choice(["auto", "json", "text"]), "auto"),
  },
  aMap,
);

const metricsSchema = strictObject(
  {
    enabled: withDefault(flag(), true),
    // Elsewhere it would hide the probes or the API.
    path: withDefault(
      text("a path such as /metrics", /^(?!\/(?:health|ready|live|v1|v1beta)(?:\/|$))(\/[\w.~-]+)+$/),
      "/metrics",
    ),
    auth: withDefault(flag(), false),
  },
  aMap,
);

const otlpSchema = strictObject(
  { endpoint: withDefault(nullable(text("an http or https URL", /^https?:\/\/./)), null) },
  aMap,
);

/** The schema of `telemetry`. */
export const telemetrySchema = prefault(
  strictObject(
    {
      log: prefault(logSchema, {}),
      metrics: prefault(metricsSchema, {}),
      otlp: prefault(otlpSchema, {}),
      capture_content: withDefault(flag(), false),
    },
    aMap,
  ),
  {},
);

/** Makes the section. */
export function telemetryConfig(input: output<typeof telemetrySchema>): TelemetryConfig {
  return { log: input.log, metrics: input.metrics };
}

/**
 * What the schema knows and this version does not do.
 *
 * A setting that would be ignored is refused instead. Each row names a setting and the values that ask for
 * nothing; to build a feature, delete its rows and add its settings to `Config`.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import type { Path } from "../path.ts";
import { isList, isMap, valueAt } from "../tree.ts";
import { type Finding, finding } from "../violation.ts";
import { alternatives } from "./fields.ts";
import { builtKinds } from "./providers.ts";

/** A setting of which this version takes only some values. */
interface UnsupportedRow {
  /** The setting: keys separated by dots, `[]` for each item of a list, `*` for each key of a map. */
  readonly path: string;
  /** Whether a value is fine in this version. */
  readonly accepts: (value: JsonValue) => boolean;
  /** What would be right. */
  readonly instead: string;
  /** What JSON Schema says of it, given what it says of the setting in itself. */
  readonly json: (setting: JsonObject) => JsonObject;
}

/** Every setting this version does not fully support. Absence and `null` are always fine. */
export const unsupported: readonly UnsupportedRow[] = [
  only("server.workers", 1),

  only("tls.mode", "off"),
  never("tls.cert_file"),
  never("tls.key_file"),
  never("tls.client_ca_file"),
  only("tls.client_auth", "none"),
  only("tls.min_version", "1.2"),
  only("tls.hsts.enabled", false),
  only("tls.hsts.max_age", "365d"),
  never("tls.redirect_port"),
  never("tls.acme.directory_url"),
  never("tls.acme.email"),
  only("tls.acme.domains", []),
  only("tls.acme.challenge", "tls-alpn-01"),
  only("tls.acme.http_port", 80),
  never("tls.acme.ca_cert_file"),
  never("tls.acme.eab"),
  never("tls.acme.dns"),

  {
    path: "store.url",
    accepts: isNotPostgres,
    instead: "use sqlite:FILE, relative to the data directory",
    json: (url) => ({ ...url, pattern: "^sqlite:." }),
  },
  never("store.retention.*"),

  never("redis.url"),
  only("redis.on_error", "local"),

  {
    path: "providers[].kind",
    accepts: (kind) => builtKinds.some((built) => built === kind),
    instead: `use ${alternatives(builtKinds)}`,
    json: (kind) => ({ ...kind, enum: [...builtKinds] }),
  },
  {
    path: "providers[].api_keys",
    accepts: (keys) => isList(keys) && keys.length <= 1,
    instead: "give one key",
    json: (keys) => ({ ...keys, maxItems: 1 }),
  },
  never("providers[].max_concurrent"),

  only("models[].policy", "priority"),
  only("models[].targets[].weight", 1),
  only("models[].fallbacks", []),
  never("models[].retry"),
  never("models[].cache.ttl"),
  never("models[].price"),

  never("limits.global.*"),
  never("limits.per_ip.*"),
  never("limits.per_project.*"),
  never("limits.per_key.*"),
  only("limits.subjects", {}),
  only("limits.adaptive.enabled", false),

  only("cache.enabled", false),
  only("cache.backend", "memory"),
  only("cache.max_bytes", "256MiB"),
  only("cache.max_entry_bytes", "1MiB"),
  only("cache.default_ttl", "5m"),
  only("cache.streams", true),

  never("passthrough.provider"),
  only("passthrough.rules", {}),

  only("events.bus", "in-memory"),
  only("events.sinks", []),

  only("audit.enabled", false),
  only("audit.file", "audit.log"),
  only("audit.store", true),

  never("telemetry.otlp.endpoint"),
  only("telemetry.capture_content", false),

  only("engines", []),
  only("optimizer.enabled", false),
  only("optimizer.require_approval", true),
  only("budget.assume_output", 4096),
  only("extensions", []),
  only("features", {}),
];

/** Finds the settings that ask for something this version does not do. */
export function checkSupport(tree: JsonValue): readonly Finding[] {
  return unsupported.flatMap(({ path, accepts, instead }) =>
    select(tree, path.replaceAll("[]", ".[]").split("."))
      .filter(({ value }) => !accepts(value))
      .map((found) => finding(found.path, `not supported by this version, ${instead}`)),
  );
}

function only(path: string, value: JsonValue): UnsupportedRow {
  return {
    path,
    accepts: (given) => isDeepStrictEqual(given, value),
    instead: `leave it out or use ${JSON.stringify(value)}`,
    json: () => ({ enum: [value] }),
  };
}

function never(path: string): UnsupportedRow {
  return { path, accepts: () => false, instead: "leave it out", json: () => ({ type: "null" }) };
}

/** Other schemes are refused by the schema, which knows what a store URL looks like. */
function isNotPostgres(url: JsonValue): boolean {
  return typeof url !== "string" || !/^postgres(ql)?:/.test(url);
}

interface Selected {
  readonly path: Path;
  readonly value: JsonValue;
}

/** The values a pattern names in a tree. */
function select(value: JsonValue, pattern: readonly string[], path: Path = []): readonly Selected[] {
  const [segment, ...rest] = pattern;
  if (segment === undefined) return [{ path, value }];
  if (segment === "[]")
    return isList(value) ? value.flatMap((item, index) => select(item, rest, [...path, index])) : [];
  const keys = segment === "*" && isMap(value) ? Object.keys(value) : [segment];
  return keys.flatMap((key) => {
    const child = valueAt(value, key);
    return child === undefined ? [] : select(child, rest, [...path, key]);
  });
}

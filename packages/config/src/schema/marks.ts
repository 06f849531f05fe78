/**
 * Which settings take effect while the server runs, and which need a restart.
 *
 * A row names a setting and holds for everything below it; of several the longest holds. Live is what every call
 * looks up anew or what can be swapped as a whole. Restart is what is bound once: sockets, files and connections
 * that are opened at start, and whatever decides what the parts of the server are.
 *
 * @module
 */

import { isWithin, type Path, parsePath } from "../path.ts";
import { childOf, keysOf, type Schema } from "./inspect.ts";

/** `live`: applied while the server runs. `restart`: kept pending until it starts again. */
export type KeyMark = "live" | "restart";

/** The mark of each setting, by path. */
export const marks: Readonly<Record<string, KeyMark>> = {
  "server.host": "restart",
  "server.port": "restart",
  "server.workers": "restart",
  // The RPC surface is given its limit when it is made.
  "server.max_body_bytes": "restart",
  "server.drain_delay": "live",
  "server.drain_timeout": "live",
  "server.trusted_proxies": "live",
  "server.cors": "live",
  tls: "restart",
  store: "restart",
  redis: "restart",
  // Whether everybody may do everything is nothing that a slip in an edited file should decide.
  "auth.enabled": "restart",
  "auth.management_token": "live",
  "auth.management_token_file": "live",
  "auth.management_token_env": "live",
  // What is kept of keys and projects is kept under it.
  "auth.max_stale": "restart",
  "auth.issuer": "live",
  "auth.issuer.algorithm": "restart",
  "auth.issuer.key_file": "restart",
  "auth.jwt": "live",
  providers: "live",
  direct_models: "live",
  models: "live",
  default_model: "live",
  limits: "live",
  "cache.enabled": "live",
  "cache.backend": "restart",
  "cache.max_bytes": "restart",
  "cache.max_entry_bytes": "live",
  "cache.default_ttl": "live",
  "cache.streams": "live",
  passthrough: "live",
  events: "restart",
  audit: "restart",
  "telemetry.log.level": "live",
  "telemetry.log.format": "restart",
  "telemetry.metrics.enabled": "restart",
  "telemetry.metrics.path": "restart",
  "telemetry.metrics.auth": "live",
  "telemetry.otlp": "restart",
  "telemetry.capture_content": "live",
  engines: "restart",
  optimizer: "live",
  budget: "live",
  extensions: "restart",
  features: "live",
};

const rows = Object.entries(marks)
  .map(([path, mark]) => ({ path: path.split("."), mark }))
  .sort((a, b) => b.path.length - a.path.length);

/** The mark of a setting; undefined for a section whose settings have marks of their own, and for what is no setting. */
export function markAt(path: Path): KeyMark | undefined {
  return rows.find((row) => isWithin(path, row.path))?.mark;
}

/**
 * The mark of a setting, given as text, e.g. `providers[0].base_url`; undefined for a section whose settings have
 * marks of their own, and for what is no setting.
 */
export function markOf(path: string): KeyMark | undefined {
  return markAt(parsePath(path) ?? []);
}

/** The settings with a mark that are changed as a whole: what stands under fixed keys and has none below it. */
export function settingsOf(schema: Schema, path: Path = []): readonly Path[] {
  const keys = keysOf(schema);
  if (keys.length === 0) return [path];
  return keys.flatMap((key) => {
    const child = childOf(schema, key);
    return child ? settingsOf(child, [...path, key]) : [];
  });
}

/**
 * Writing a setting into the configuration file, and telling what a running server makes of it.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { ConfigError, type EditedConfigFile, editConfigFile } from "@llmproxy/config";
import { type JsonValue, ProxyError, systemClock } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { keepingAlive } from "../keep-alive.ts";
import { sourcesOf } from "../load-host-config.ts";
import { print } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";
import {
  type ConfiguredServer,
  type EffectiveConfig,
  type EffectiveSetting,
  readServerConfig,
  settingsAt,
} from "./effective.ts";
import { textOf } from "./get.ts";

/** What to write. */
export interface SettingChange {
  readonly path: string;
  /** Null means not set; absent: it is taken out of the file. */
  readonly value?: JsonValue;
}

/** What a running server made of the file. */
type Effect = "applied" | "pending" | "refused" | "unnoticed";

/** A server looks at its file every second, and reads it when it has stood still. */
const patienceMs = 5_000;
const lookMs = 100;

/**
 * Writes one setting and keeps the rest of the file as it is.
 *
 * @throws `invalid_request` naming what is wrong; nothing has been written then
 */
export async function saveSetting(
  host: Host,
  options: ConfigOptions,
  server: ConfiguredServer | undefined,
  change: SettingChange,
): Promise<void> {
  if (server && !server.isOwner)
    throw new ProxyError(
      "invalid_request",
      `--save: the files of ${server.url} are not on this machine; without --save it is overridden until it stops`,
    );
  const before = server && (await readServerConfig(server));
  const edited = await edit(host, options, before?.file, change);
  if (change.value === undefined && !edited.isChanged) throw notInFile(edited, change);
  const after = server && before && (await keepingAlive(watchServer(server, before, edited, change)));
  const result = { file: edited.file, is_new: edited.isNew, path: change.path, value: change.value ?? null };
  print(
    host,
    options.json,
    { ...result, ...(after && { server: server.url, effect: after }) },
    [headline(edited, change), ...notesOn(edited, change, server, after)].join("\n"),
  );
  if (after === "refused")
    throw new ProxyError("unavailable", `${server?.url} refuses the file: llmproxy config show tells why`);
}

async function edit(
  host: Host,
  options: ConfigOptions,
  file: string | undefined,
  change: SettingChange,
): Promise<EditedConfigFile> {
  const sources = sourcesOf(host, options, {});
  try {
    return await editConfigFile({ ...(file !== undefined && { file }), ...sources, ...change });
  } catch (reason) {
    if (!(reason instanceof ConfigError)) throw reason;
    throw new ProxyError("invalid_request", `nothing was written:\n${reason.message}`, {
      field: change.path,
    });
  }
}

function notInFile({ file, loaded }: EditedConfigFile, { path }: SettingChange): ProxyError {
  const sources = settingsAt(loaded.settings(), path).map(({ source }) => source);
  const origin = sources.find((source) => source !== "default" && source !== "file");
  const from = origin === undefined ? "" : `; it comes from ${origin}`;
  return new ProxyError("invalid_request", `${path} is not set in ${file}${from}`, { field: path });
}

function headline(edited: EditedConfigFile, change: SettingChange): string {
  if (isValue(change.value)) return `wrote ${change.path} = ${shown(edited, change)} to ${edited.file}`;
  return `${change.path} is no longer set in ${edited.file}; without it, it is ${shown(edited, change)}`;
}

function isValue(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null;
}

/** The value as it may be shown: what is secret is not. */
function shown({ loaded }: EditedConfigFile, { path, value }: SettingChange): string {
  const at = settingsAt(loaded.settings(), path);
  if (at.some((one) => one.value === "[secret]")) return "[secret]";
  return textOf(at.length === 1 && at[0]?.path === path ? at[0].value : (value ?? null));
}

function notesOn(
  { loaded }: EditedConfigFile,
  { path, value }: SettingChange,
  server: ConfiguredServer | undefined,
  effect: Effect | undefined,
): readonly string[] {
  const winner = settingsAt(loaded.settings(), path).find(
    ({ source }) => source !== "file" && source !== "default",
  );
  const overruled =
    winner && isValue(value)
      ? [`it has no effect: ${path} also comes from ${winner.source}, which wins`]
      : [];
  return effect === undefined ? overruled : [...overruled, `${effects[effect]} (${server?.url})`];
}

const effects: Readonly<Record<Effect, string>> = {
  applied: "the running server has applied it",
  pending: "the running server keeps its value until it is started again",
  refused: "the running server refuses it",
  unnoticed:
    "the running server has taken nothing from it: a flag, its environment or an override wins, or it reads another file",
};

async function watchServer(
  server: ConfiguredServer,
  before: Omit<EffectiveConfig, "server">,
  { file, loaded }: EditedConfigFile,
  { path }: SettingChange,
): Promise<Effect> {
  if (before.file !== undefined && before.file !== file) return "unnoticed";
  const wanted = valuesAt(loaded.settings(), path);
  const deadline = systemClock.monotonic() + patienceMs;
  const signal = AbortSignal.timeout(patienceMs * 2);
  while (systemClock.monotonic() < deadline) {
    const now = await readServerConfig(server);
    if (now.refused.length > 0) return "refused";
    if (settingsAt(now.settings, path).some(({ pending }) => pending !== undefined)) return "pending";
    if (now.loadedMs !== before.loadedMs) return "applied";
    // One secret looks like another.
    if (!wanted.includes("[secret]") && isDeepStrictEqual(valuesAt(now.settings, path), wanted))
      return "applied";
    await systemClock.sleep(lookMs, signal);
  }
  return "unnoticed";
}

function valuesAt(settings: readonly EffectiveSetting[], path: string): readonly JsonValue[] {
  return settingsAt(settings, path).map(({ value }) => value);
}

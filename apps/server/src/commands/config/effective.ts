/**
 * The configuration in effect: that of the running server, else what the files of this machine say.
 *
 * @module
 */

import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { markOf, type Setting, type Violation } from "@llmproxy/config";
import {
  ConfigurationService,
  type GetConfigurationResponse,
  type Setting as SettingMessage,
} from "@llmproxy/proto";
import type { JsonValue } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import type { ServerConnection } from "../connection.ts";
import { loadHostConfig } from "../load-host-config.ts";
import type { ConfigOptions } from "./config-options.ts";

/** A running server whose configuration can be looked at and overridden. */
export interface ConfiguredServer {
  readonly url: string;
  /** Whether its files are on this machine. */
  readonly isOwner: boolean;
  readonly client: Client<typeof ConfigurationService>;
}

/** The configuration in effect. */
export interface EffectiveConfig {
  /** Absent when no server runs. */
  readonly server: ConfiguredServer | undefined;
  /** The configuration file; absent when there is none. */
  readonly file: string | undefined;
  readonly settings: readonly EffectiveSetting[];
  /** Why the file as it is now is not in effect; empty when it is. */
  readonly refused: readonly Violation[];
  /** When the configuration in effect was loaded, in milliseconds since the epoch; absent when no server runs. */
  readonly loadedMs: number | undefined;
}

/** A setting in effect; a server of another version may know other sources. */
export type EffectiveSetting = Omit<Setting, "source"> & { readonly source: string };

/**
 * Finds the configuration in effect.
 *
 * @throws `invalid_request` when there is no token to show a running server
 * @throws `ConfigError` when none runs and the files are not valid
 */
export async function readEffectiveConfig(host: Host, options: ConfigOptions): Promise<EffectiveConfig> {
  const server = await findConfiguredServer(host, options);
  if (server) return { server, ...(await readServerConfig(server)) };
  const { file, settings } = await loadedSettings(host, options);
  return { server, file, settings, refused: [], loadedMs: undefined };
}

/** Finds the running server. @throws `invalid_request` when there is no token to show it */
export async function findConfiguredServer(
  host: Host,
  options: ConfigOptions,
): Promise<ConfiguredServer | undefined> {
  // What it takes to call a server is a good part of one; other commands start without it.
  const { findServer } = await import("../connection.ts");
  const found = await findServer(host, options);
  return found && configuredServer(found);
}

function configuredServer({ url, isOwner, transport }: ServerConnection): ConfiguredServer {
  return { url, isOwner, client: createClient(ConfigurationService, transport) };
}

/** Asks a server for its configuration. */
export async function readServerConfig({
  client,
}: Pick<ConfiguredServer, "client">): Promise<Omit<EffectiveConfig, "server">> {
  const { settings, file, refused, loadedAt }: GetConfigurationResponse = await client.getConfiguration({});
  return {
    settings: settings.map(settingOf),
    file: file === "" ? undefined : file,
    refused: refused.map(({ path, message }) => ({ path, message })),
    loadedMs: loadedAt && Number(loadedAt.seconds) * 1000 + loadedAt.nanos / 1e6,
  };
}

/** Reads a setting as a server tells it. */
export function settingOf({ path, value, source, live, pending }: SettingMessage): EffectiveSetting {
  return {
    path,
    value: jsonOf(value),
    source,
    mark: live ? "live" : "restart",
    ...(pending && { pending: jsonOf(pending) }),
  };
}

function jsonOf(value: SettingMessage["value"]): JsonValue {
  return value ? toJson(ValueSchema, value) : null;
}

async function loadedSettings(host: Host, options: ConfigOptions) {
  const loaded = await loadHostConfig(host, options);
  return { file: loaded.file, settings: loaded.settings() };
}

/** The settings at a path: one, or those of a section. */
export function settingsAt(settings: readonly EffectiveSetting[], path: string): readonly EffectiveSetting[] {
  return settings.filter((one) => isAt(one.path, path));
}

function isAt(setting: string, path: string): boolean {
  return setting === path || setting.startsWith(`${path}.`) || setting.startsWith(`${path}[`);
}

/** A setting that exists and has no value. */
export function unsetSettingAt(path: string): EffectiveSetting {
  return { path, value: null, source: "default", mark: markOf(path) ?? "live" };
}

/** A setting for programs. */
export function settingJson(setting: EffectiveSetting): Record<string, JsonValue> {
  const { path, value, source, mark, pending } = setting;
  return { path, value, source, mark, ...(pending !== undefined && { pending }) };
}

/**
 * `llmproxy config set PATH VALUE`: of the running server until it stops, or in the configuration file.
 *
 * @module
 */

import { fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { ConfigError, parseSettingValue } from "@llmproxy/config";
import { type JsonValue, ProxyError } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { required } from "../administration-output.ts";
import { print } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";
import {
  type ConfiguredServer,
  findConfiguredServer,
  readServerConfig,
  settingJson,
  settingOf,
  settingsAt,
} from "./effective.ts";
import { textOf } from "./get.ts";
import { checkSettingExists } from "./known-setting.ts";
import { saveSetting } from "./save.ts";

/** Sets a setting. @throws `invalid_request` naming what is wrong; nothing has changed then */
export async function setSetting(host: Host, options: ConfigOptions, path = "", text = ""): Promise<void> {
  await checkSettingExists(path);
  const value = await readValue(text);
  const server = await findConfiguredServer(host, options);
  if (server && !options.save) await override(host, options, server, { path, value });
  else await saveSetting(host, options, server, { path, value });
}

async function readValue(text: string): Promise<JsonValue> {
  try {
    return await parseSettingValue(text);
  } catch (reason) {
    if (!(reason instanceof ConfigError)) throw reason;
    throw new ProxyError("invalid_request", reason.message, { field: "value" });
  }
}

async function override(
  host: Host,
  options: ConfigOptions,
  server: ConfiguredServer,
  { path, value }: { readonly path: string; readonly value: JsonValue },
): Promise<void> {
  const answer = await server.client.setOverride({ path, value: fromJson(ValueSchema, toProto(value)) });
  // Who has just overridden the token may not be let in any more.
  const settings = await readServerConfig(server).then(
    (config) => config.settings,
    () => [settingOf(required(answer.setting))],
  );
  const now = settingsAt(settings, path);
  const lines = now.map((one) => `${one.path} = ${textOf(one.value)}`);
  const until = `at ${server.url}, until it stops; --save writes it into the file`;
  print(
    host,
    options.json,
    { server: server.url, settings: now.map(settingJson) },
    lines.length === 1 ? `${lines[0]} ${until}` : [...lines, until].join("\n"),
  );
}

/** JSON as the messages have it: the same values, of a type that knows no absent member. */
function toProto(value: JsonValue): Parameters<typeof fromJson>[1] {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toProto);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, toProto(member)]])),
  );
}

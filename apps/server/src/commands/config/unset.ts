/**
 * `llmproxy config unset PATH`: ends an override of the running server, or takes a setting out of the file.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { print } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";
import {
  type ConfiguredServer,
  type EffectiveSetting,
  findConfiguredServer,
  readServerConfig,
  settingJson,
  settingsAt,
  unsetSettingAt,
} from "./effective.ts";
import { textOf } from "./get.ts";
import { checkSettingExists } from "./known-setting.ts";
import { saveSetting } from "./save.ts";

/** Takes a setting back. @throws `invalid_request` when there is nothing to take back */
export async function unsetSetting(host: Host, options: ConfigOptions, path = ""): Promise<void> {
  await checkSettingExists(path);
  const server = await findConfiguredServer(host, options);
  if (server && !options.save) {
    await endOverride(host, options, server, path);
    return;
  }
  await saveSetting(host, options, server, { path });
}

async function endOverride(
  host: Host,
  options: ConfigOptions,
  server: ConfiguredServer,
  path: string,
): Promise<void> {
  const before = settingsAt((await readServerConfig(server)).settings, path);
  if (!before.some(({ source }) => source === "override"))
    throw new ProxyError(
      "invalid_request",
      `${path} is not overridden at ${server.url}; ${whereFrom(before)}`,
    );
  await server.client.deleteOverride({ path });
  const [first = unsetSettingAt(path), ...others] = settingsAt(
    (await readServerConfig(server)).settings,
    path,
  );
  const lines = [first, ...others].map(
    (one) => `${one.path} = ${textOf(one.value)}, from ${one.source} again`,
  );
  print(host, options.json, [first, ...others].map(settingJson), lines.join("\n"));
}

function whereFrom(settings: readonly EffectiveSetting[]): string {
  const sources = [...new Set(settings.map(({ source }) => source))];
  if (sources.length === 0) return "it is not set";
  return `it comes from ${sources.join(" and ")}${sources.includes("file") ? "; --save takes it out of the file" : ""}`;
}

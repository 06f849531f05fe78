/**
 * `llmproxy config show [PATH]`: the configuration in effect.
 *
 * @module
 */

import type { Host } from "../../host.ts";
import { print, printTable } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";
import {
  type EffectiveConfig,
  type EffectiveSetting,
  readEffectiveConfig,
  settingJson,
  settingsAt,
} from "./effective.ts";
import { checkSettingExists } from "./known-setting.ts";

/** Shows the settings in effect, and what stands in the way of those that are not. */
export async function showConfig(host: Host, options: ConfigOptions, path?: string): Promise<void> {
  if (path !== undefined) await checkSettingExists(path);
  const effective = await readEffectiveConfig(host, options);
  const settings = path === undefined ? effective.settings : settingsAt(effective.settings, path);
  if (options.json) print(host, true, jsonOf(effective, settings));
  else showTable(host, effective, settings);
}

function jsonOf({ server, file, refused }: EffectiveConfig, settings: readonly EffectiveSetting[]) {
  return {
    server: server?.url ?? null,
    file: file ?? null,
    refused: refused.map(({ path, message }) => ({ path, message })),
    settings: settings.map(settingJson),
  };
}

function showTable(host: Host, effective: EffectiveConfig, settings: readonly EffectiveSetting[]): void {
  const waiting = settings.some(({ pending }) => pending !== undefined);
  const rows = settings.map(({ path, value, source, mark, pending }) => [
    path,
    JSON.stringify(value),
    source,
    mark,
    ...(waiting ? [pending === undefined ? "" : JSON.stringify(pending)] : []),
  ]);
  printTable(host, ["KEY", "VALUE", "FROM", "CHANGE", ...(waiting ? ["PENDING"] : [])], rows);
  const notes = [
    originOf(effective),
    ...(waiting ? ["PENDING values take effect when the server is started again."] : []),
    ...refusalOf(effective),
  ];
  host.stdout.write(`\n${notes.join("\n")}\n`);
}

function originOf({ server, file }: EffectiveConfig): string {
  const from = file ?? "no file, so defaults";
  return server ? `In effect at ${server.url}; from ${from}.` : `No server runs; from ${from}.`;
}

function refusalOf({ refused, file }: EffectiveConfig): readonly string[] {
  if (refused.length === 0) return [];
  const head = `${file ?? "The configuration"} as it is now is refused; what is shown was valid last:`;
  return [head, ...refused.map(({ path, message }) => `  ${path}: ${message}`)];
}

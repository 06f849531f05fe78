/**
 * `llmproxy config get PATH`: one setting, or those of a section.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { print } from "../output.ts";
import type { ConfigOptions } from "./config-options.ts";
import { readEffectiveConfig, settingJson, settingsAt, unsetSettingAt } from "./effective.ts";
import { checkSettingExists } from "./known-setting.ts";

/** Prints a value as it is, or each `path: value` of a section. */
export async function getSetting(host: Host, options: ConfigOptions, path = ""): Promise<void> {
  await checkSettingExists(path);
  const { settings } = await readEffectiveConfig(host, options);
  const [first = unsetSettingAt(path), ...others] = settingsAt(settings, path);
  const isOne = others.length === 0 && first.path === path;
  if (isOne) print(host, options.json, settingJson(first), textOf(first.value));
  else
    print(
      host,
      options.json,
      [first, ...others].map(settingJson),
      [first, ...others].map((one) => `${one.path}: ${textOf(one.value)}`).join("\n"),
    );
  if (options.json) return;
  for (const one of [first, ...others])
    if (one.pending !== undefined)
      host.stderr.write(`${one.path} becomes ${textOf(one.pending)} when the server is started again\n`);
}

/** Text without quotes, so that a script can use it. */
export function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

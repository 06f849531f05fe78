/**
 * Settings as messages.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { GetConfigurationResponseSchema, SettingSchema } from "@llmproxy/proto";
import type { ConfigurationView, SettingView } from "../services-core.ts";
import { valueMessage } from "./json.ts";

/** Writes a setting. */
export function settingMessage(setting: SettingView): MessageInitShape<typeof SettingSchema> {
  const { path, value, source, live, pending } = setting;
  return {
    path,
    value: valueMessage(value),
    source,
    live,
    ...(pending !== undefined && { pending: valueMessage(pending) }),
  };
}

/** Writes the configuration in effect. */
export function configurationMessage(
  view: ConfigurationView,
): MessageInitShape<typeof GetConfigurationResponseSchema> {
  const { settings, file, refused, loadedAt } = view;
  return {
    settings: settings.map(settingMessage),
    file: file ?? "",
    refused: refused.map(({ path, message }) => ({ path, message })),
    loadedAt: timestampFromDate(loadedAt),
  };
}

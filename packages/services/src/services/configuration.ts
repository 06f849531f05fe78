/**
 * `ConfigurationService`: messages to operations and back.
 *
 * @module
 */

import { ConfigurationService } from "@llmproxy/proto";
import { readValue } from "../mapping/json.ts";
import { configurationMessage, settingMessage } from "../mapping/setting.ts";
import { operation, type Rpc, unary } from "../rpc.ts";
import type { ConfigurationOperations } from "../services-core.ts";

const { deleteOverride, getConfiguration, setOverride } = ConfigurationService.method;

/** The RPCs of `ConfigurationService`. */
export function configurationRpcs(configuration: ConfigurationOperations): readonly Rpc[] {
  return [
    unary(operation, getConfiguration, async ({ path }, { principal, signal }) =>
      configurationMessage(await configuration.get(principal, { path }, signal)),
    ),
    unary(operation, setOverride, async (message, { principal, signal }) => {
      const change = { path: message.path, value: readValue(message.value, "value") };
      return { setting: settingMessage(await configuration.setOverride(principal, change, signal)) };
    }),
    unary(operation, deleteOverride, async ({ path }, { principal, signal }) => {
      await configuration.deleteOverride(principal, { path }, signal);
      return {};
    }),
  ];
}

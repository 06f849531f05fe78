/**
 * Whether the configuration is valid.
 *
 * @module
 */

import { type Check, type Checkup, fail, ok, warn } from "./checkup.ts";

/** Everything that is wrong, each as a check of its own. */
export function checkConfiguration({ loaded, violations }: Checkup): readonly Check[] {
  if (!loaded)
    return violations.map(({ path, message, line }) =>
      fail(
        "configuration",
        `${path}: ${message}`,
        line === undefined ? undefined : `see line ${line} of the file`,
      ),
    );
  const { config, file } = loaded;
  const valid = ok("configuration", file === undefined ? "valid: no file, so defaults" : `valid: ${file}`);
  const open =
    config.auth.enabled || /^(127\.|::1$|localhost$)/.test(config.server.host)
      ? []
      : [
          warn(
            "authentication",
            `off, and ${config.server.host} is not this machine alone: whoever reaches it may do anything`,
            "remove auth.enabled: false, or listen on 127.0.0.1",
          ),
        ];
  return [valid, ...open];
}

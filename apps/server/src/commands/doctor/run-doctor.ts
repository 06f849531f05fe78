/**
 * Runs every check and tells what was found.
 *
 * @module
 */

import { resolve } from "node:path";
import { ConfigError, type LoadedConfig, type Violation } from "@llmproxy/config";
import { ProxyError } from "@llmproxy/spec";
import { type Owner, readOwnerLock } from "@llmproxy/store";
import type { Host } from "../../host.ts";
import { keepingAlive } from "../keep-alive.ts";
import { loadHostConfig } from "../load-host-config.ts";
import { print } from "../output.ts";
import { type Check, type CheckGroup, type Checkup, type DoctorOptions, failedBy } from "./checkup.ts";
import { checkClock } from "./clock.ts";
import { checkConfiguration } from "./configuration.ts";
import { checkDataDirectory } from "./data-directory.ts";
import { checkDatabase } from "./database.ts";
import { checkIssuers } from "./issuers.ts";
import { checkPort } from "./port.ts";
import { checkProviders } from "./providers.ts";
import { checkRunningServer } from "./running-server.ts";
import { checkRuntime } from "./runtime.ts";
import { checkSecretFiles } from "./secret-files.ts";

const groups: Readonly<Record<string, CheckGroup>> = {
  runtime: checkRuntime,
  configuration: checkConfiguration,
  "secret files": checkSecretFiles,
  "data directory": checkDataDirectory,
  database: checkDatabase,
  port: checkPort,
  providers: checkProviders,
  "token issuers": checkIssuers,
  clock: checkClock,
  "running server": checkRunningServer,
};

/**
 * Checks everything at once.
 *
 * @throws `invalid_request` when the configuration is not valid, `unavailable` when anything else failed
 */
export async function runDoctor(host: Host, options: DoctorOptions): Promise<void> {
  const checkup = await prepare(host, options);
  const found = await keepingAlive(Promise.all(Object.entries(groups).map((group) => run(group, checkup))));
  const checks = found.flat();
  const failed = checks.filter(({ status }) => status === "fail");
  if (options.json) print(host, true, { healthy: failed.length === 0, checks });
  else for (const check of checks) host.stdout.write(linesOf(check));
  if (checkup.violations.length > 0)
    throw new ProxyError("invalid_request", "the configuration is not valid; a server would not start");
  if (failed.length > 0)
    throw new ProxyError("unavailable", `${failed.length} of ${checks.length} checks failed`);
}

async function prepare(host: Host, options: DoctorOptions): Promise<Checkup> {
  const dataDirectory = resolve(host.directory, options.dataDir);
  const configuration = await load(host, options);
  return { host, options, dataDirectory, ...configuration, owner: await ownerOf(dataDirectory) };
}

async function load(
  host: Host,
  options: DoctorOptions,
): Promise<{ readonly loaded: LoadedConfig | undefined; readonly violations: readonly Violation[] }> {
  try {
    return { loaded: await loadHostConfig(host, options), violations: [] };
  } catch (reason) {
    if (!(reason instanceof ConfigError)) throw reason;
    return { loaded: undefined, violations: reason.violations };
  }
}

/** Whatever stands in the way of knowing is found by the check of the directory itself. */
function ownerOf(directory: string): Promise<Owner | undefined> {
  return readOwnerLock(directory).catch(() => undefined);
}

async function run(
  [name, group]: readonly [string, CheckGroup],
  checkup: Checkup,
): Promise<readonly Check[]> {
  try {
    return await group(checkup);
  } catch (reason) {
    return [failedBy(name, reason)];
  }
}

function linesOf({ name, status, message, remedy }: Check): string {
  const first = `${`[${status}]`.padEnd(7)} ${name}: ${message}\n`;
  return remedy === undefined ? first : `${first}        -> ${remedy}\n`;
}

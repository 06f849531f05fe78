/**
 * How the running server is, if there is one.
 *
 * @module
 */

import { get } from "node:http";
import { ConnectError, createClient } from "@connectrpc/connect";
import {
  ConfigurationService,
  Health,
  LlmProxyService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "@llmproxy/proto";
import { ProxyError } from "@llmproxy/spec";
import { version } from "../../version.ts";
import { namingServer } from "../connect-error.ts";
import { findServer, type ServerConnection } from "../connection.ts";
import { type Check, type Checkup, fail, failedBy, ok, warn } from "./checkup.ts";

const limits = { timeoutMs: 5_000 };

/** Whether it is ready, which version it is, and whether it has the configuration it should have. */
export async function checkRunningServer({ host, options, owner }: Checkup): Promise<readonly Check[]> {
  const url = options.server ?? owner?.url;
  if (url !== undefined && url === owner?.url && owner.surface === "rest") return checkGateway(url);
  const server = await find(host, options);
  if (server === undefined) return [ok("running server", "none")];
  if (server === "unasked")
    return [warn("running server", "cannot be asked: its management token is not known here", whereToken)];
  const checks = [readiness, sameVersion, configuration];
  const found = await Promise.all(
    checks.map((check) => check(server).catch((reason: unknown) => [unanswered(server, reason)])),
  );
  return found.flat();
}

/** A gateway answers no calls of commands; whether it is ready it tells everybody. */
async function checkGateway(url: string): Promise<readonly Check[]> {
  const name = "running server";
  try {
    const status = await healthStatus(url);
    if (status === 200) return [ok(name, `a gateway at ${url} is ready; it answers REST only`)];
    return [fail(name, `the gateway at ${url} is not ready`, "see its log, and /health for what fails")];
  } catch {
    return [fail(name, `the gateway at ${url} does not answer`, "see its log")];
  }
}

function healthStatus(url: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const signal = AbortSignal.timeout(limits.timeoutMs);
  get(`${url}/health`, { agent: false, signal }, (response) => {
    response.on("error", reject).destroy();
    resolve(response.statusCode);
  }).on("error", reject);
  return promise;
}

const whereToken = "give the file that holds it with --token-file FILE";

/** Whoever may not read the token can still have everything else checked. */
async function find(
  host: Checkup["host"],
  options: Checkup["options"],
): Promise<ServerConnection | "unasked" | undefined> {
  try {
    return await findServer(host, options);
  } catch (reason) {
    const isWrongUse = options.server !== undefined || options.tokenFile !== undefined;
    if (isWrongUse) throw reason;
    return "unasked";
  }
}

function unanswered({ url }: ServerConnection, reason: unknown): Check {
  const named = namingServer(reason, url);
  const error = named instanceof ConnectError ? new ProxyError("unavailable", toldBy(named, url)) : reason;
  return failedBy("running server", error, "see its log; the token must be its management token");
}

function toldBy({ rawMessage }: ConnectError, url: string): string {
  return rawMessage.includes(url) ? rawMessage : `${url}: ${rawMessage}`;
}

async function readiness({ url, transport }: ServerConnection): Promise<readonly Check[]> {
  const { status } = await createClient(Health, transport).check({}, limits);
  if (status === ServingStatus.SERVING) return [ok("running server", `${url} is ready`)];
  return [fail("running server", `${url} is not ready`, "see its log, and /health for what fails")];
}

async function sameVersion({ transport }: ServerConnection): Promise<readonly Check[]> {
  const { serverVersion } = await createClient(LlmProxyService, transport).getServerInfo({}, limits);
  if (serverVersion === version) return [ok("version", version)];
  return [
    warn("version", `the server is ${serverVersion}, this command is ${version}`, "start the server again"),
  ];
}

async function configuration({ transport }: ServerConnection): Promise<readonly Check[]> {
  const { settings, refused, file } = await createClient(ConfigurationService, transport).getConfiguration(
    {},
    limits,
  );
  const waiting = settings.filter(({ pending }) => pending !== undefined).map(({ path }) => path);
  const name = "configuration in effect";
  const violations = refused.map(({ path, message }) =>
    fail(
      name,
      `${file || "the file"} is refused: ${path}: ${message}`,
      "mend it; the last valid one is in effect",
    ),
  );
  const pending =
    waiting.length === 0
      ? []
      : [warn(name, `waiting for a restart: ${waiting.join(", ")}`, "start the server again")];
  const all = [...violations, ...pending];
  return all.length > 0 ? all : [ok(name, "what the file says")];
}

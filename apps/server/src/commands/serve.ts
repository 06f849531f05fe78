/**
 * `llmproxy serve`: runs the server until it is told to stop.
 *
 * @module
 */

import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Config, ConfigError, type LiveConfig } from "@llmproxy/config";
import { createLateLogger, openLogger, type Server } from "@llmproxy/core/config";
import { type LogFields, type Logger, ProxyError, systemClock } from "@llmproxy/spec";
import type { RootLogger } from "@llmproxy/telemetry";
import type { Command } from "commander";
import { banner } from "../banner.ts";
import type { Host } from "../host.ts";
import { type CommonOptions, watchHostConfig } from "./load-host-config.ts";

interface ServeOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: string;
  readonly workers?: string;
  readonly logLevel?: string;
  readonly maxRpm?: string;
  readonly maxConcurrent?: string;
  readonly auth: boolean;
  readonly readyFile?: string;
}

/** What the configuration knows and refuses. */
const notYet = "(not in this version)";

/** Adds the command. */
export function addServeCommand(program: Command, host: Host): void {
  program
    .command("serve")
    .description("run the server")
    .option("--host <address>", "the address to listen on")
    .option("--port <number>", "the port to listen on; 0 takes a free one")
    .option("--workers <number>", `processes that share the port ${notYet}`)
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .option("--max-rpm <number>", `the most requests a minute ${notYet}`)
    .option("--max-concurrent <number>", `the most requests at once ${notYet}`)
    .option("--no-auth", "let anybody do anything; for development")
    .option("--ready-file <file>", "written once connections are accepted")
    .option("--json", "log as JSON, also on a terminal")
    .action((_options, command: Command) => serve(command.optsWithGlobals<ServeOptions>(), host));
}

/** How long the last lines of the log may take to be written. */
const flushTimeoutMs = 2000;

async function serve(options: ServeOptions, host: Host): Promise<void> {
  // What there is to log about the configuration is logged as the configuration says.
  const late = createLateLogger();
  const live = await watchHostConfig(host, options, flagsOf(options), late.logger).catch(
    (reason: unknown) => {
      throw namingFlags(reason, options);
    },
  );
  const logger = openLogger(live, host.stdout, options.json);
  late.become(logger);
  try {
    await run(live, options, logger, host);
  } finally {
    await live.close();
    await flush(logger);
  }
}

async function flush(logger: RootLogger): Promise<void> {
  await logger.flush(AbortSignal.timeout(flushTimeoutMs)).catch(() => {
    // Nobody reads the log any more, and there is nobody left to tell.
  });
  logger.close();
}

async function run(live: LiveConfig, options: ServeOptions, logger: Logger, host: Host): Promise<void> {
  // From here on: a signal that comes while the server starts must end it cleanly too.
  const stop = awaitStop(logger, host);
  const endReloads = host.onReload(() => void live.reload());
  const readyFile = options.readyFile === undefined ? undefined : resolve(host.directory, options.readyFile);
  try {
    // One that is left from an earlier run would tell a supervisor a wrong address.
    if (readyFile !== undefined) await rm(readyFile, { force: true });
    const { startServer } = await import("../server.ts");
    const dataDirectory = resolve(host.directory, options.dataDir);
    const server = await startServer({ live, dataDirectory, logger, clock: systemClock });
    try {
      await announce(server, { config: live.current(), readyFile, logger, host });
      await stop.requested;
    } finally {
      const { aborted } = await server.stop();
      logger.info({ aborted }, "stopped");
    }
  } finally {
    if (readyFile !== undefined) await rm(readyFile, { force: true });
    endReloads();
    stop.end();
  }
}

interface Announcement {
  readonly config: Config;
  readonly readyFile: string | undefined;
  readonly logger: Logger;
  readonly host: Host;
}

async function announce(server: Server, { config, readyFile, logger, host }: Announcement): Promise<void> {
  const { url, bootstrap, exampleModel: model } = server;
  const startup = { url, pid: host.pid, startup_ms: Math.round(host.uptimeMs()) };
  if (readyFile !== undefined) await writeReadyFile(readyFile, startup);
  logger.info(startup, "ready");
  const authEnabled = config.auth.enabled;
  if (!authEnabled)
    logger.warn(
      { host: config.server.host },
      "authentication is off: whoever reaches this address may do anything",
    );
  host.stderr.write(banner({ url, model, bootstrap, authEnabled }));
}

/** Flags are one layer of the configuration, checked like every other. */
function flagsOf(options: ServeOptions): Record<string, unknown> {
  const { host, port, workers, logLevel, maxRpm, maxConcurrent, auth } = options;
  return {
    server: {
      ...given("host", host),
      ...given("port", numeric(port)),
      ...given("workers", numeric(workers)),
    },
    ...(logLevel !== undefined && { telemetry: { log: { level: logLevel } } }),
    limits: { global: { ...given("rpm", numeric(maxRpm)), ...given("concurrency", numeric(maxConcurrent)) } },
    ...(!auth && { auth: { enabled: false } }),
  };
}

/** Whoever typed a flag looks for it, and not for the setting that it stands for. */
function namingFlags(reason: unknown, options: ServeOptions): unknown {
  if (!(reason instanceof ConfigError)) return reason;
  const typed = new Map([
    ["server.host", options.host && "--host"],
    ["server.port", options.port && "--port"],
    ["server.workers", options.workers && "--workers"],
    ["telemetry.log.level", options.logLevel && "--log-level"],
    ["limits.global.rpm", options.maxRpm && "--max-rpm"],
    ["limits.global.concurrency", options.maxConcurrent && "--max-concurrent"],
  ]);
  return new ConfigError(
    reason.violations.map((violation) => {
      const flag = typed.get(violation.path);
      return flag ? { ...violation, path: `${flag} (${violation.path})` } : violation;
    }),
  );
}

function given(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value };
}

/** Text that is no number stays as it is: the schema then says what would be right. */
function numeric(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

/** Whole or not at all: a supervisor may read it at any moment. */
async function writeReadyFile(path: string, startup: LogFields): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeFile(
      temporary,
      `${JSON.stringify(startup)}
`,
    );
    await rename(temporary, path);
  } catch (reason) {
    throw new ProxyError("unavailable", `the ready file ${path} cannot be written`, { cause: reason });
  }
}

/** The wish that the server stops. */
interface StopRequest {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  /** Ends the waiting for signals. */
  end(): void;
}

/**
 * The first signal drains; a second one, from somebody who will not wait, ends the process at once. What nobody
 * caught drains too: what else runs may be trusted to end, and nothing new is taken on.
 */
function awaitStop(logger: Logger, host: Host): StopRequest {
  const { promise, resolve: request } = Promise.withResolvers<void>();
  let isRequested = false;
  const endSignals = host.onStop((signal) => {
    if (isRequested) {
      logger.warn({ signal }, "stopping at once");
      host.exit(1);
    }
    isRequested = true;
    logger.info({ signal }, "stopping");
    request();
  });
  const endFailures = host.onFailure((error) => {
    logger.error({ error }, "stopping after a failure nobody caught");
    isRequested = true;
    request();
  });
  const end = (): void => {
    endSignals();
    endFailures();
  };
  return { requested: promise, end };
}

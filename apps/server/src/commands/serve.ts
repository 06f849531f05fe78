/**
 * `llmproxy serve`: runs the server until it is told to stop.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { LoadedConfig } from "@llmproxy/config";
import { type LogFields, type Logger, systemClock } from "@llmproxy/spec";
import { createLogger, createScrubber, type RootLogger } from "@llmproxy/telemetry";
import type { Command } from "commander";
import { banner } from "../banner.ts";
import type { Host } from "../host.ts";
import { type CommonOptions, loadHostConfig } from "./load-host-config.ts";

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

/** Adds the command. */
export function addServeCommand(program: Command, host: Host): void {
  program
    .command("serve")
    .description("run the server")
    .option("--host <address>", "the address to listen on")
    .option("--port <number>", "the port to listen on; 0 takes a free one")
    .option("--workers <number>", "processes that share the port")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .option("--max-rpm <number>", "the most requests a minute")
    .option("--max-concurrent <number>", "the most requests at once")
    .option("--no-auth", "let anybody do anything; for development")
    .option("--ready-file <file>", "written once connections are accepted")
    .option("--json", "log as JSON, also on a terminal")
    .action((_options, command: Command) => serve(command.optsWithGlobals<ServeOptions>(), host));
}

/** How long the last lines of the log may take to be written. */
const flushTimeoutMs = 2000;

async function serve(options: ServeOptions, host: Host): Promise<void> {
  const loaded = await loadHostConfig(host, options, flagsOf(options));
  const logger = openLogger(loaded, options, host);
  try {
    await run(loaded, options, logger, host);
  } finally {
    await logger.flush(AbortSignal.timeout(flushTimeoutMs)).catch(() => {
      // Nobody reads the log any more, and there is nobody left to tell.
    });
    logger.close();
  }
}

async function run(
  { config }: LoadedConfig,
  options: ServeOptions,
  logger: Logger,
  host: Host,
): Promise<void> {
  const dataDirectory = resolve(host.directory, options.dataDir);
  // From here on: a signal that comes while the server starts must end it cleanly too.
  const stop = awaitStop(logger, host);
  try {
    const { startServer } = await import("../server.ts");
    const server = await startServer({ config, dataDirectory, logger, clock: systemClock });
    const startup = { url: server.url, pid: host.pid, startup_ms: Math.round(host.uptimeMs()) };
    logger.info(startup, "ready");
    const { url, bootstrap, exampleModel: model } = server;
    host.stderr.write(banner({ url, model, bootstrap, authEnabled: config.auth.enabled }));
    if (options.readyFile !== undefined)
      await writeReadyFile(resolve(host.directory, options.readyFile), startup);
    await stop.requested;
    const { aborted } = await server.stop();
    logger.info({ aborted }, "stopped");
  } finally {
    stop.end();
  }
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

function given(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value };
}

/** Text that is no number stays as it is: the schema then says what would be right. */
function numeric(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

function openLogger({ config }: LoadedConfig, { json }: ServeOptions, host: Host): RootLogger {
  const { level, format } = config.telemetry.log;
  const keys = config.providers.flatMap((provider) =>
    "apiKey" in provider && provider.apiKey ? [provider.apiKey] : [],
  );
  const secrets = config.auth.managementToken ? [...keys, config.auth.managementToken] : keys;
  return createLogger({
    level,
    format: json ? "json" : format,
    destination: host.stdout,
    scrub: createScrubber(secrets),
  });
}

async function writeReadyFile(path: string, startup: LogFields): Promise<void> {
  await writeFile(path, `${JSON.stringify(startup)}\n`);
}

/** The wish that the server stops. */
interface StopRequest {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  /** Ends the waiting for signals. */
  end(): void;
}

/** The first signal drains; a second one, from somebody who will not wait, ends the process at once. */
function awaitStop(logger: Logger, host: Host): StopRequest {
  const { promise, resolve: request } = Promise.withResolvers<void>();
  let isRequested = false;
  const end = host.onStop((signal) => {
    if (isRequested) {
      logger.warn({ signal }, "stopping at once");
      host.exit(1);
    }
    isRequested = true;
    logger.info({ signal }, "stopping");
    request();
  });
  return { requested: promise, end };
}

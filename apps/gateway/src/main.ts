/**
 * The process: starts a gateway and ends it when it is told to.
 *
 * @module
 */

import { ConfigError, watchConfig } from "@llmproxy/config";
import { createLateLogger, openLogger } from "@llmproxy/core/config";
import { ProxyError, systemClock } from "@llmproxy/spec";
import { type CommandLine, readCommandLine, readyText, usage } from "./command-line.ts";
import { startGateway } from "./gateway.ts";

const flushTimeoutMs = 2000;

// Whoever read what we print has left: nothing is to be told to anybody, and that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

run().catch((reason: unknown) => {
  const isWrongUse = reason instanceof ConfigError || ProxyError.from(reason).code === "invalid_request";
  const isKnown = reason instanceof ConfigError || ProxyError.is(reason);
  const text = isKnown || !(reason instanceof Error) ? String(reason).replace(/^\w+: /, "") : reason.stack;
  process.stderr.write(`llmproxy-gateway: ${text}\n`);
  process.exitCode = isWrongUse ? 2 : 1;
});

async function run(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2), process.env, process.cwd());
  if (commandLine.help) process.stdout.write(usage);
  else await serve(commandLine);
}

async function serve({ config, dataDirectory, flags }: CommandLine): Promise<void> {
  const stop = stopSignal();
  const late = createLateLogger();
  const live = await watchConfig({
    ...(config !== undefined && { file: config }),
    directory: process.cwd(),
    environment: process.env,
    flags,
    logger: late.logger,
  });
  const logger = openLogger(live, process.stdout, false);
  late.become(logger);
  process.on("SIGHUP", () => void live.reload());
  try {
    const gateway = await startGateway({ live, dataDirectory, logger, clock: systemClock });
    const startupMs = Math.round(process.uptime() * 1000);
    logger.info({ url: gateway.url, pid: process.pid, startup_ms: startupMs }, "ready");
    process.stderr.write(readyText(gateway.url, gateway.bootstrap?.path));
    await stop;
    logger.info(await gateway.stop(), "stopped");
  } finally {
    await live.close();
    await logger.flush(AbortSignal.timeout(flushTimeoutMs)).catch(() => {});
    logger.close();
  }
}

/** Resolves at the first signal; the second ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (): void => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}

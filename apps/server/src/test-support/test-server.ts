/**
 * A whole server in the test's own process, on a free port and its own data directory.
 *
 * @module
 */

import { type ConfigInput, type LiveConfig, watchConfig } from "@llmproxy/config";
import type { Server } from "@llmproxy/core/config";
import { createOverloadMonitor } from "@llmproxy/ratelimit";
import { type Clock, systemClock } from "@llmproxy/spec";
import { createMemoryLogger, type MemoryLogger, temporaryDirectory } from "@llmproxy/testing";
import { startServer } from "../server.ts";

/** A running server with what a client of it needs. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
  /** The configuration; a file `llmproxy.yaml` in the data directory is followed. */
  readonly live: LiveConfig;
  readonly apiKey: string;
  readonly managementToken: string;
  readonly dataDirectory: string;
  readonly logger: MemoryLogger;
}

/** Starts a server; `input` is configuration as a file would have it. */
export async function startTestServer(
  input: ConfigInput = {},
  clock: Clock = systemClock,
): Promise<TestServer> {
  const directory = await temporaryDirectory();
  const logger = createMemoryLogger();
  const section = (input.server ?? {}) as Record<string, unknown>;
  const flags = { ...input, server: { port: 0, drain_timeout: "2s", ...section } };
  const live = await watchConfig({ directory: directory.path, environment: {}, flags, logger });
  // A test shares its process with its clients, and the machine with whoever else is there: late is not overloaded.
  const overload = createOverloadMonitor({ clock, logger, maxLagMs: 60_000 });
  const server = await startServer({ live, dataDirectory: directory.path, logger, clock, overload });
  const token = live.current().auth.managementToken ?? server.bootstrap?.managementToken;
  return {
    url: server.url,
    server,
    live,
    apiKey: server.bootstrap?.apiKey.reveal() ?? "",
    managementToken: token?.reveal() ?? "",
    dataDirectory: directory.path,
    logger,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await live.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** An OpenAI-speaking upstream as a provider. */
export function upstreamProvider(url: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: "up",
    kind: "openai-compatible",
    base_url: `${url}/v1`,
    api_key: "sk-upstream-0123456789",
    allow_private: true,
    ...more,
  };
}

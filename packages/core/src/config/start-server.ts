/**
 * A server: configuration in, one port out, whichever surfaces an application puts on it.
 *
 * @module
 */

import type { LiveConfig } from "@llmproxy/config";
import { createListener, type Listener, type RequestHandler } from "@llmproxy/listener";
import type { Bootstrap } from "./data/bootstrap.ts";
import { type Core, type OpenCoreOptions, openCore } from "./open-core.ts";

/** What a server is started with. */
export interface StartServerOptions extends OpenCoreOptions {
  /** Makes what answers requests. */
  readonly surface: (core: Core) => RequestHandler;
  /** Whether that has no RPC protocols, so that the command line cannot call it. Default false. */
  readonly isRestOnly?: boolean;
}

/** A running server. */
export interface Server {
  readonly url: string;
  /** The first start's credentials; absent where a management token is configured. */
  readonly bootstrap: Bootstrap | undefined;
  /** A model that can be asked for, for people who try the server out; absent where none is known. */
  readonly exampleModel: string | undefined;
  /** Drains, flushes and closes. @returns how many calls had to be broken off */
  stop(): Promise<{ readonly aborted: number }>;
}

/**
 * Starts a server; it accepts connections when this resolves.
 *
 * @throws `ProxyError` with a message that says what to do; nothing is left open then
 */
export async function startServer(options: StartServerOptions): Promise<Server> {
  const core = await openCore(options);
  try {
    await core.health.settled();
    const listener = await listen(options, core);
    await core.announce({ url: listener.url, ...(options.isRestOnly && { surface: "rest" }) });
    return runningServer(options.live, core, listener);
  } catch (reason) {
    await core.close();
    throw reason;
  }
}

function listen({ live, logger, clock, surface }: StartServerOptions, core: Core): Promise<Listener> {
  const { host, port } = live.current().server;
  const { meter } = core.metrics;
  return createListener({ handler: surface(core), host, port, clock, logger, meter });
}

function runningServer(live: LiveConfig, core: Core, listener: Listener): Server {
  return {
    url: listener.url,
    bootstrap: core.bootstrap,
    exampleModel: exampleModel(live),
    async stop() {
      const { drainDelayMs: delayMs, drainTimeoutMs: timeoutMs } = live.current().server;
      core.startDraining();
      const drained = await listener.drain({ delayMs, timeoutMs });
      await core.close();
      return drained;
    },
  };
}

function exampleModel(live: LiveConfig): string | undefined {
  const { defaultModel, models, directModels, providers } = live.current();
  const echo = directModels ? providers.find((provider) => provider.kind === "echo")?.name : undefined;
  return defaultModel ?? echo ?? models[0]?.name;
}

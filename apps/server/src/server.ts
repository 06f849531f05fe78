/**
 * This server: every surface on one port.
 *
 * @module
 */

import { type Server, type StartServerOptions, startServer as start } from "@llmproxy/core/config";
import { createRequestHandler } from "./routes.ts";
import { version } from "./version.ts";

/** What a server is started with. */
export type ServerOptions = Omit<StartServerOptions, "version" | "surface">;

/**
 * Starts a server; it accepts connections when this resolves.
 *
 * @throws `ProxyError` with a message that says what to do; nothing is left open then
 */
export function startServer(options: ServerOptions): Promise<Server> {
  return start({ ...options, version, surface: (core) => createRequestHandler(core, options.live, options) });
}

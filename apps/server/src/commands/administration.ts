/**
 * Administration over the API: of a running server, or of the store itself when none runs.
 *
 * @module
 */

import { type Client, createClient } from "@connectrpc/connect";
import { JwtService, KeyService, ProjectService } from "@llmproxy/proto";
import type { Host } from "../host.ts";
import type { CommonOptions } from "./load-host-config.ts";

/** Options of every administrative command. */
export interface AdministrationOptions extends CommonOptions {
  /** The URL of a running server. */
  readonly server?: string;
  /** The file that holds the management token. */
  readonly tokenFile?: string;
}

/** Clients of the management services. */
export interface Administration {
  readonly projects: Client<typeof ProjectService>;
  readonly keys: Client<typeof KeyService>;
  readonly jwts: Client<typeof JwtService>;
}

/**
 * Runs an administrative task.
 *
 * @throws `invalid_request` when there is no token to show a running server
 */
export async function administer(
  host: Host,
  options: AdministrationOptions,
  task: (use: Administration) => Promise<void>,
): Promise<void> {
  // What administration needs is a good part of the server; other commands start without it.
  const { openConnection } = await import("./connection.ts");
  const connection = await openConnection(host, options);
  try {
    const { transport } = connection;
    await task({
      projects: createClient(ProjectService, transport),
      keys: createClient(KeyService, transport),
      jwts: createClient(JwtService, transport),
    });
  } finally {
    await connection.close();
  }
}

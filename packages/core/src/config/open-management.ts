/**
 * The management operations on a data directory that no server owns, for the command line.
 *
 * @module
 */

import type { Config } from "@llmproxy/config";
import { createMemoryEventBus } from "@llmproxy/events";
import { silentLogger, silentMeter, systemClock } from "@llmproxy/spec";
import { createManagementOperations, type ManagementOperations } from "../operations/operations.ts";
import { openAuthentication } from "./authentication.ts";
import { openData } from "./data/open-data.ts";
import { createJwtOperations, type JwtOperations } from "./jwt.ts";

/** The operations, over a data directory that this process owns meanwhile. */
export interface Management {
  readonly operations: ManagementOperations & { readonly jwt: JwtOperations };
  /** Flushes and closes, then gives the directory up. */
  close(): Promise<void>;
}

/**
 * Opens a data directory for its operations alone.
 *
 * @throws `conflict` when a server owns it; `unavailable` for a database that cannot be used
 */
export async function openManagement(config: Config, dataDirectory: string): Promise<Management> {
  const ports = { clock: systemClock, logger: silentLogger };
  const data = await openData({
    directory: dataDirectory,
    store: config.store,
    bootstrap: config.auth.managementToken === undefined,
    ...ports,
    meter: silentMeter,
  });
  const bus = createMemoryEventBus();
  try {
    const authentication = await openAuthentication(config.auth, { ...data, ...ports, bus, dataDirectory });
    return {
      operations: {
        ...createManagementOperations({ ...data, bus, clock: systemClock }),
        jwt: createJwtOperations(authentication, data.store.projects),
      },
      async close() {
        authentication.close();
        await data.close();
      },
    };
  } catch (reason) {
    await data.close();
    throw reason;
  }
}

/**
 * What operations work with.
 *
 * @module
 */

import type { Peppers } from "@llmproxy/auth";
import type { Clock, EventBus, Store } from "@llmproxy/spec";

/** The ports of the management operations. */
export interface OperationPorts {
  readonly store: Pick<Store, "projects" | "keys">;
  readonly bus: EventBus;
  readonly peppers: Peppers;
  readonly clock: Clock;
}

/**
 * The management operations, whichever transport they are reached by.
 *
 * @module
 */

import { createKeyOperations, type KeyOperations } from "./keys.ts";
import type { OperationPorts } from "./ports.ts";
import { createProjectOperations, type ProjectOperations } from "./projects.ts";

/** The management operations. */
export interface ManagementOperations {
  readonly projects: ProjectOperations;
  readonly keys: KeyOperations;
}

/** Makes the operations over their ports. */
export function createManagementOperations(ports: OperationPorts): ManagementOperations {
  return { projects: createProjectOperations(ports), keys: createKeyOperations(ports) };
}

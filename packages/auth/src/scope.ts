/**
 * What a principal is confined to.
 *
 * @module
 */

import type { Principal } from "@llmproxy/spec";
import { matchesGlob } from "./glob.ts";

/** Whether a principal may know of a project and what belongs to it; where not, it does not exist for them. */
export function maySeeProject(principal: Principal, projectId: string): boolean {
  return principal.projectId === undefined || principal.projectId === projectId;
}

/**
 * Whether a principal may ask for a model by this name.
 *
 * @param model - the name as requested; fallbacks belong to the route and are not asked about
 */
export function mayUseModel(principal: Principal, model: string): boolean {
  const { allowedModels } = principal;
  return allowedModels === undefined || allowedModels.some((pattern) => matchesGlob(pattern, model));
}

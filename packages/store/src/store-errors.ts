/**
 * What a store says when it refuses: the same words from every implementation.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/** An id is taken. */
export function idTaken(what: "project" | "key"): ProxyError {
  return new ProxyError("conflict", `a ${what} with this id exists already`, { field: "id" });
}

/** A project's name is taken. */
export function nameTaken(): ProxyError {
  return new ProxyError("conflict", "a project with this name exists already: choose another name", {
    field: "name",
  });
}

/** A key's project does not exist. */
export function projectMissing(): ProxyError {
  return new ProxyError("not_found", "there is no project with this id", { field: "project_id" });
}

/** The store has been closed. */
export function storeClosed(): ProxyError {
  return new ProxyError("unavailable", "the store is closed");
}

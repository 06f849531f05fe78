/**
 * Projects in memory.
 *
 * @module
 */

import type { ProjectPatch, ProjectRecord, ProjectStore } from "@llmproxy/spec";
import { listScope } from "../page-token.ts";
import { idTaken, nameTaken } from "../store-errors.ts";
import { orderedPage } from "./ordered-page.ts";

/** Keeps projects in `records`, by id. Everything that goes in or out is a copy. */
export function createMemoryProjects(records: Map<string, ProjectRecord>): ProjectStore {
  const isNameTaken = (name: string, id: string): boolean =>
    [...records.values()].some((project) => project.name === name && project.id !== id);

  return {
    async insert(project) {
      if (records.has(project.id)) throw idTaken("project");
      if (isNameTaken(project.name, project.id)) throw nameTaken();
      records.set(project.id, structuredClone(project));
    },
    async get(id) {
      return structuredClone(records.get(id));
    },
    async list(page) {
      return orderedPage({
        scope: listScope("projects"),
        page,
        records: [...records.values()],
        positionOf: ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
      });
    },
    async update(id, patch) {
      const project = records.get(id);
      if (project === undefined) return undefined;
      if (patch.name !== undefined && isNameTaken(patch.name, id)) throw nameTaken();
      const updated = structuredClone(applyPatch(project, patch));
      records.set(id, updated);
      return structuredClone(updated);
    },
  };
}

function applyPatch(project: ProjectRecord, { name, isActive, updatedAt }: ProjectPatch): ProjectRecord {
  const { deactivatedAt, ...rest } = project;
  const deactivated = isActive === undefined ? deactivatedAt : isActive ? undefined : updatedAt;
  return {
    ...rest,
    name: name ?? project.name,
    isActive: isActive ?? project.isActive,
    updatedAt,
    ...(deactivated !== undefined && { deactivatedAt: deactivated }),
  };
}

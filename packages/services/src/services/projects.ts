/**
 * `ProjectService`: messages to operations and back.
 *
 * @module
 */

import { ProjectService } from "@llmproxy/proto";
import { projectMessage } from "../mapping/project.ts";
import { operation, type Rpc, unary } from "../rpc.ts";
import type { ProjectOperations } from "../services-core.ts";

const { createProject, getProject, listProjects, updateProject } = ProjectService.method;

/** The RPCs of `ProjectService`. */
export function projectRpcs(projects: ProjectOperations): readonly Rpc[] {
  return [
    unary(operation, createProject, async ({ name }, { principal, signal }) => ({
      project: projectMessage(await projects.create(principal, { name }, signal)),
    })),
    unary(operation, getProject, async ({ id }, { principal, signal }) => ({
      project: projectMessage(await projects.get(principal, { id }, signal)),
    })),
    unary(operation, listProjects, async ({ pageSize, pageToken }, { principal, signal }) => {
      const page = await projects.list(principal, { pageSize, pageToken }, signal);
      return { projects: page.items.map(projectMessage), nextPageToken: page.nextPageToken ?? "" };
    }),
    unary(operation, updateProject, async ({ id, name, isActive }, { principal, signal }) => {
      const changes = {
        ...(name !== undefined && { name }),
        ...(isActive !== undefined && { isActive }),
      };
      return { project: projectMessage(await projects.update(principal, { id, ...changes }, signal)) };
    }),
  ];
}

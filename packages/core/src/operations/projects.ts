/**
 * Operations on projects. The permission has been checked; the object is checked here.
 *
 * @module
 */

import { maySeeProject } from "@llmproxy/auth";
import { type Page, type Principal, type ProjectRecord, ProxyError } from "@llmproxy/spec";
import { newId } from "../ids.ts";
import { checkId, checkName, checkPage, notFound, type PageInput } from "./check.ts";
import type { OperationPorts } from "./ports.ts";

/** What a project is made from. */
export interface CreateProjectInput {
  /** Unique, 1–128 printable characters. */
  readonly name: string;
}

/** What is to change of a project; absent means unchanged. */
export interface UpdateProjectInput {
  readonly id: string;
  readonly name?: string;
  readonly isActive?: boolean;
}

/** Operations on projects. */
export interface ProjectOperations {
  /** @throws `conflict` when the name is taken, `permission_denied` for a principal confined to a project */
  create(principal: Principal, input: CreateProjectInput, signal: AbortSignal): Promise<ProjectRecord>;
  /** @throws `not_found`, also for a project the principal may not see */
  get(principal: Principal, input: { readonly id: string }, signal: AbortSignal): Promise<ProjectRecord>;
  /** Only the projects the principal may see. */
  list(principal: Principal, input: PageInput, signal: AbortSignal): Promise<Page<ProjectRecord>>;
  /** @throws `not_found`; `conflict` when the name is taken; `invalid_request` when nothing is to change */
  update(principal: Principal, input: UpdateProjectInput, signal: AbortSignal): Promise<ProjectRecord>;
}

/** Makes the operations over their ports. */
export function createProjectOperations(ports: OperationPorts): ProjectOperations {
  return {
    create: (principal, input) => create(ports, principal, input),
    get: (principal, input) => get(ports, principal, input.id),
    list: (principal, input) => list(ports, principal, input),
    update: (principal, input) => update(ports, principal, input),
  };
}

async function create(
  ports: OperationPorts,
  principal: Principal,
  input: CreateProjectInput,
): Promise<ProjectRecord> {
  if (principal.projectId !== undefined)
    throw new ProxyError("permission_denied", "only who may see every project can create one");
  const now = ports.clock.now();
  const project: ProjectRecord = {
    id: newId(now),
    name: checkName(input.name),
    isActive: true,
    createdAt: new Date(now),
    updatedAt: new Date(now),
  };
  await ports.store.projects.insert(project);
  await ports.bus.publish({ type: "project-changed", projectId: project.id });
  return project;
}

async function get(ports: OperationPorts, principal: Principal, id: string): Promise<ProjectRecord> {
  const project = maySeeProject(principal, checkId(id)) ? await ports.store.projects.get(id) : undefined;
  if (!project) throw notFound("project");
  return project;
}

async function list(
  ports: OperationPorts,
  principal: Principal,
  input: PageInput,
): Promise<Page<ProjectRecord>> {
  const page = checkPage(input);
  if (principal.projectId === undefined) return ports.store.projects.list(page);
  const own = await ports.store.projects.get(principal.projectId);
  return { items: own ? [own] : [] };
}

async function update(
  ports: OperationPorts,
  principal: Principal,
  input: UpdateProjectInput,
): Promise<ProjectRecord> {
  const { id, name, isActive } = input;
  if (name === undefined && isActive === undefined)
    throw new ProxyError("invalid_request", "nothing to change: expected name or is_active");
  await get(ports, principal, id);
  const project = await ports.store.projects.update(id, {
    ...(name !== undefined && { name: checkName(name) }),
    ...(isActive !== undefined && { isActive }),
    updatedAt: new Date(ports.clock.now()),
  });
  if (!project) throw notFound("project");
  await ports.bus.publish({ type: "project-changed", projectId: id });
  return project;
}

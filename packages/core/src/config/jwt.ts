/**
 * Operations on tokens that this server signs.
 *
 * @module
 */

import type { IssuedJwt } from "@llmproxy/auth";
import { type Principal, type ProjectStore, ProxyError } from "@llmproxy/spec";
import type { Authentication } from "./authentication.ts";
import { defaultProjectId } from "./data/bootstrap.ts";

/** Whom to issue a token for. */
export interface IssueJwtInput {
  /** Who it is for: 1–256 printable characters. */
  readonly subject: string;
  /** None more powerful than the caller's own; `member` when empty. */
  readonly roles: readonly string[];
  /** The caller's, else `default`, when absent. */
  readonly projectId?: string;
  /** As configured when absent. */
  readonly ttlMs?: number;
}

/** Operations on tokens. */
export interface JwtOperations {
  /**
   * @throws `invalid_request`, `permission_denied` naming the field; `not_found` (field `project_id`);
   *   `project_inactive`
   */
  issue(principal: Principal, input: IssueJwtInput, signal: AbortSignal): Promise<IssuedJwt>;
}

/** Makes the operations. */
export function createJwtOperations(
  { issuer }: Pick<Authentication, "issuer">,
  projects: Pick<ProjectStore, "get">,
): JwtOperations {
  return {
    async issue(principal, { subject, roles, projectId, ttlMs }) {
      const own = await issuer();
      const project = projectId ?? principal.projectId ?? defaultProjectId;
      const issued = await own.issue({
        grantor: principal,
        subject,
        roles: roles.length === 0 ? ["member"] : roles,
        projectId: project,
        ...(ttlMs !== undefined && { ttlMs }),
      });
      // Only once the caller may know about the project.
      await checkProject(projects, project);
      return issued;
    },
  };
}

async function checkProject(projects: Pick<ProjectStore, "get">, id: string): Promise<void> {
  const project = await projects.get(id);
  if (!project) throw new ProxyError("not_found", "project not found", { field: "project_id" });
  if (!project.isActive)
    throw new ProxyError("project_inactive", "the project is not active", { field: "project_id" });
}

/**
 * What may be put into a token, and by whom: nobody grants more than they have.
 *
 * @module
 */

import { type Principal, ProxyError, type Role } from "@llmproxy/spec";
import { may, permissionsOf } from "../permissions.ts";
import { maySeeProject } from "../scope.ts";
import { defaultProjectId, isProjectId } from "./claim-rules.ts";

/** Roles that can be granted at all, from the most to the least powerful. `root` is the management token's alone. */
const grantable = [
  "owner",
  "admin",
  "operator",
  "billing",
  "auditor",
  "member",
  "key",
] as const satisfies readonly Role[];

/**
 * The roles a principal may put into a token: none above its own, and none that permits what it may not do. Who
 * makes API keys may hand out what they open, so that is no more than they have.
 */
export function grantableRoles(principal: Principal): readonly Role[] {
  const ranks: readonly Role[] = ["root", ...grantable];
  const rank = Math.min(...principal.roles.map((role) => ranks.indexOf(role)));
  const handsOutKeys = may(principal, "key:write");
  return grantable.filter(
    (role) =>
      ranks.indexOf(role) >= rank &&
      permissionsOf(role).every(
        (permission) => may(principal, permission) || (handsOutKeys && permission === "completion:create"),
      ),
  );
}

/** What a token is to grant. */
export interface Grant {
  /** Names of roles; at least one. */
  readonly roles: readonly string[];
  /** The project it is confined to; when absent, the granting principal's own, or else `default`. */
  readonly projectId?: string;
}

/**
 * Checks that a principal may put roles and project into a token.
 *
 * @returns the project the token is for
 * @throws `invalid_request` (field `roles`, `roles[n]` or `project_id`) for what nobody could grant
 * @throws `permission_denied` (field `roles[n]` or `project_id`) for more than the principal has
 */
export function checkGrant(principal: Principal, { roles, projectId }: Grant): string {
  if (roles.length === 0) throw invalid("roles", "is empty; a token needs at least one role");
  const allowed = grantableRoles(principal);
  for (const [index, role] of roles.entries()) checkRole(role, `roles[${index}]`, allowed);
  if (new Set(roles).size < roles.length) throw invalid("roles", "names a role twice");
  const project = projectId ?? principal.projectId ?? defaultProjectId;
  if (!isProjectId(project)) throw invalid("project_id", "is not the id of a project");
  if (!maySeeProject(principal, project))
    throw denied("project_id", "your credentials are confined to another project");
  return project;
}

function checkRole(role: string, field: string, allowed: readonly string[]): void {
  const known: readonly string[] = grantable;
  if (!known.includes(role)) throw invalid(field, `must be one of ${grantable.join(", ")}`);
  if (!allowed.includes(role)) throw denied(field, `your credentials do not include what ${role} may do`);
}

function invalid(field: string, problem: string): ProxyError {
  return new ProxyError("invalid_request", `${field} ${problem}`, { field });
}

function denied(field: string, problem: string): ProxyError {
  return new ProxyError("permission_denied", `${field}: ${problem}`, { field });
}

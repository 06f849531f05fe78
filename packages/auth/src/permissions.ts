/**
 * Which role may do what. Whatever is not in the table is denied.
 *
 * @module
 */

import { type Permission, type Principal, ProxyError, type Role } from "@llmproxy/spec";

/** To know what is there: no more than anybody with credentials should see. */
const look = ["server:read", "model:read"] as const;
const administer = [
  ...look,
  "metrics:read",
  "project:read",
  "project:write",
  "key:read",
  "key:write",
  "config:read",
  "config:write",
  "jwt:issue",
] as const;

const permissions: Readonly<Record<Role, readonly Permission[]>> = {
  // Control plane only: a leaked management token must not also spend money at providers.
  root: administer,
  owner: administer,
  admin: administer,
  operator: [...look, "metrics:read", "project:read"],
  billing: [...look, "project:read"],
  auditor: [...look, "metrics:read", "project:read", "key:read", "config:read"],
  // Keys of their own come with records that say whose a key is; until then members ask models as themselves.
  member: [...look, "project:read", "completion:create"],
  // Data plane only: a leaked API key opens nothing else.
  key: [...look, "completion:create"],
};

/** What a role permits. */
export function permissionsOf(role: Role): readonly Permission[] {
  return permissions[role];
}

/** Whether one of the principal's roles grants a permission. */
export function may(principal: Principal, permission: Permission): boolean {
  return principal.roles.some((role) => permissions[role].includes(permission));
}

/**
 * Lets through who has a permission.
 *
 * @throws `permission_denied` naming the permission
 */
export function authorize(principal: Principal, permission: Permission): void {
  if (!may(principal, permission))
    throw new ProxyError(
      "permission_denied",
      `this needs the permission ${permission}, which your credentials do not have`,
    );
}

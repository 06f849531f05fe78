import type { Principal, Role } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { checkGrant, grantableRoles } from "./grant.ts";

function holding(roles: readonly Role[], projectId?: string): Principal {
  return { kind: "jwt", id: "ada", roles, ...(projectId !== undefined && { projectId }) };
}

const below = ["operator", "billing", "auditor", "member", "key"] as const;

describe("grantableRoles", () => {
  it.each([
    [["root"], ["owner", "admin", ...below]],
    [["owner"], ["owner", "admin", ...below]],
    [["admin"], ["admin", ...below]],
    [["operator"], ["operator", "billing"]],
    [["billing"], ["billing"]],
    [["auditor"], ["auditor"]],
    [["member"], ["member", "key"]],
    [["key"], ["key"]],
    [
      ["key", "operator"],
      ["operator", "billing", "member", "key"],
    ],
    [
      ["root", "key"],
      ["owner", "admin", ...below],
    ],
    [[], []],
  ] as const)("of %j are %j", (roles, expected) => {
    expect(grantableRoles(holding(roles))).toEqual(expected);
  });
});

describe("checkGrant", () => {
  it.each([
    ["the one asked for", holding(["admin"]), "p2", "p2"],
    ["the grantor's own where none is asked for", holding(["admin"], "p2"), undefined, "p2"],
    ["`default` where nobody has one", holding(["root"]), undefined, "default"],
  ])("gives the project: %s", (_, principal, projectId, expected) => {
    const grant = { roles: ["member"] as const, ...(projectId !== undefined && { projectId }) };
    expect(checkGrant(principal, grant)).toBe(expected);
  });

  it.each([
    ["root", holding(["root"]), { roles: ["root"] }, "invalid_request", "roles[0]"],
    [
      "a role that is none",
      holding(["root"]),
      { roles: ["member", "toString"] },
      "invalid_request",
      "roles[1]",
    ],
    ["no role", holding(["root"]), { roles: [] }, "invalid_request", "roles"],
    ["a role twice", holding(["root"]), { roles: ["key", "key"] }, "invalid_request", "roles"],
    [
      "more than one has",
      holding(["admin"]),
      { roles: ["member", "owner"] },
      "permission_denied",
      "roles[1]",
    ],
    ["something by nobody", holding([]), { roles: ["key"] }, "permission_denied", "roles[0]"],
    [
      "another project",
      holding(["owner"], "p1"),
      { roles: ["key"], projectId: "p2" },
      "permission_denied",
      "project_id",
    ],
    [
      "what is no project",
      holding(["root"]),
      { roles: ["key"], projectId: "a b" },
      "invalid_request",
      "project_id",
    ],
  ])("refuses to grant %s", (_, principal, grant, code, field) => {
    expect(() => checkGrant(principal, grant)).toThrow(expect.objectContaining({ code, field }));
  });
});

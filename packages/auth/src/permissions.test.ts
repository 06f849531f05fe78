import type { Permission, Principal, Role } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { authorize, may } from "./permissions.ts";

const all: readonly Permission[] = [
  "completion:create",
  "model:read",
  "server:read",
  "project:read",
  "project:write",
  "key:read",
  "key:write",
  "config:read",
  "config:write",
  "jwt:issue",
];
const control: readonly Permission[] = [
  "project:read",
  "project:write",
  "key:read",
  "key:write",
  "config:read",
  "config:write",
  "jwt:issue",
];

const granted: Record<Role, readonly Permission[]> = {
  root: ["model:read", "server:read", ...control],
  owner: ["model:read", "server:read", ...control],
  admin: ["model:read", "server:read", ...control],
  operator: ["model:read", "server:read", "project:read"],
  billing: ["model:read", "server:read", "project:read"],
  auditor: ["model:read", "server:read", "project:read", "key:read", "config:read"],
  member: ["completion:create", "model:read", "server:read", "project:read"],
  key: ["completion:create", "model:read", "server:read"],
};

function holding(...roles: Role[]): Principal {
  return { kind: "management", id: "somebody", roles };
}

describe("may", () => {
  it.each(Object.keys(granted) as Role[])("grants the role %s what is its own and nothing else", (role) => {
    expect(all.filter((permission) => may(holding(role), permission))).toEqual(
      all.filter((permission) => granted[role].includes(permission)),
    );
  });

  it("grants nothing without a role", () => {
    expect(all.filter((permission) => may(holding(), permission))).toEqual([]);
  });

  it("adds up several roles", () => {
    expect(all.filter((permission) => may(holding("root", "key"), permission))).toEqual(all);
  });

  it("lets only keys and members spend money", () => {
    const spenders = (Object.keys(granted) as Role[]).filter((role) =>
      may(holding(role), "completion:create"),
    );
    expect(spenders).toEqual(["member", "key"]);
  });
});

describe("authorize", () => {
  it("lets through who has the permission", () => {
    expect(() => authorize(holding("key"), "completion:create")).not.toThrow();
  });

  it("refuses who has not, naming the permission", () => {
    expect(() => authorize(holding("key"), "key:write")).toThrow(
      expect.objectContaining({ code: "permission_denied", message: expect.stringContaining("key:write") }),
    );
  });
});

import { type Credentials, type Principal, Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { anonymousAuthenticator, createAuthenticator } from "./authenticator.ts";
import { createManagementAuthenticator } from "./management-authenticator.ts";
import { may } from "./permissions.ts";
import { maySeeProject, mayUseModel } from "./scope.ts";
import type { TokenAuthenticator } from "./token-authenticator.ts";

const { signal } = new AbortController();

function holding(token: string): Credentials {
  return { kind: "token", token: new Secret(token) };
}

/** Takes every token for its own. */
function knowsEverybody(id: string): TokenAuthenticator {
  return { authenticate: async () => ({ kind: "key", id, roles: [] }) };
}

describe("createAuthenticator", () => {
  const both = createAuthenticator({
    apiKeys: knowsEverybody("key"),
    management: knowsEverybody("management"),
    jwts: knowsEverybody("jwt"),
  });

  it.each([
    ["sk-llp-v-abc", "key"],
    ["sk-llp-", "key"],
    ["sk-proj-abc", "management"],
    ["SK-LLP-v-abc", "management"],
    ["eyJhbGciOi", "management"],
    ["eyJhbGciOi.e30.YQ", "jwt"],
    ["a.b.c", "jwt"],
    ["sk-llp-v.b.c", "key"],
    ["eyJhbGciOi.e30.", "management"],
    ["a.b.c.d.e", "management"],
    ["a.b.c=", "management"],
  ])("hands %s to %s", async (token, id) => {
    expect((await both.authenticate(holding(token), signal)).id).toBe(id);
  });

  it("says what to send where nothing was sent", async () => {
    await expect(both.authenticate({ kind: "none" }, signal)).rejects.toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining("`authorization: Bearer <api key>`"),
    });
  });

  it("refuses a kind of token that nobody is there for as it refuses a wrong one", async () => {
    const management = createManagementAuthenticator(new Secret("correct-horse-battery"));
    const messages = new Set<string>();
    for (const [authenticator, token] of [
      [createAuthenticator({ management }), "wrong"],
      [createAuthenticator({ management }), "sk-llp-v-abc"],
      [createAuthenticator({ apiKeys: knowsEverybody("key") }), "wrong"],
      [createAuthenticator({}), "sk-llp-v-abc"],
      [createAuthenticator({ apiKeys: knowsEverybody("key"), management }), "a.b.c"],
    ] as const) {
      const error = await authenticator.authenticate(holding(token), signal).catch((reason) => reason);
      messages.add(`${error.code} ${error.reason} ${error.message}`);
    }
    expect([...messages]).toEqual([expect.stringMatching(/^unauthenticated invalid_token /)]);
  });

  it("passes the signal on", async () => {
    const seen: AbortSignal[] = [];
    const apiKeys: TokenAuthenticator = {
      async authenticate(_, given): Promise<Principal> {
        seen.push(given);
        return { kind: "key", id: "k", roles: ["key"] };
      },
    };
    await createAuthenticator({ apiKeys }).authenticate(holding("sk-llp-v-abc"), signal);
    expect(seen).toEqual([signal]);
  });
});

describe("anonymousAuthenticator", () => {
  it("lets everybody do everything, whatever they present", async () => {
    for (const credentials of [{ kind: "none" } as const, holding("whatever")]) {
      const principal = await anonymousAuthenticator.authenticate(credentials, signal);
      expect(principal).toEqual({ kind: "anonymous", id: "anonymous", roles: ["root", "key"] });
      expect(may(principal, "completion:create") && may(principal, "key:write")).toBe(true);
      expect(maySeeProject(principal, "any") && mayUseModel(principal, "any")).toBe(true);
    }
  });
});

import { Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createManagementAuthenticator } from "./management-authenticator.ts";

const { signal } = new AbortController();
const token = "correct-horse-battery";

describe("createManagementAuthenticator", () => {
  it("recognises the token as root", async () => {
    const authenticator = createManagementAuthenticator(new Secret(token));
    expect(await authenticator.authenticate(new Secret(token), signal)).toEqual({
      kind: "management",
      id: "management",
      roles: ["root"],
    });
  });

  it.each([
    ["nothing", ""],
    ["a beginning of it", token.slice(0, -1)],
    ["more than it", `${token}x`],
    ["a wrong first character", `x${token.slice(1)}`],
    ["a wrong last character", `${token.slice(0, -1)}x`],
    ["another case", token.toUpperCase()],
    ["a lot", "a".repeat(8192)],
  ])("refuses %s, saying nothing of why", async (_, presented) => {
    const authenticator = createManagementAuthenticator(new Secret(token));
    await expect(authenticator.authenticate(new Secret(presented), signal)).rejects.toMatchObject({
      code: "unauthenticated",
      reason: "invalid_token",
      message: expect.stringContaining("authorization: Bearer"),
    });
  });

  it.each([
    ["15 characters", "a".repeat(15), "at least 16 characters"],
    ["nothing", "", "at least 16 characters"],
    ["blanks, which no header can carry", "correct horse battery", "no blanks"],
    ["a line feed from a file", `${token}\n`, "no blanks"],
    ["letters outside ASCII", "pässwörter-sind-länger", "ASCII"],
    ["more than a header may hold", "a".repeat(8193), "at most 8192"],
    ["the form of an API key, which would be looked up as one", `sk-llp-${"a".repeat(20)}`, "sk-llp-"],
    ["the form of a JWT, which would be verified as one", "correct.horse.battery", "JWTs"],
  ])("cannot be made with %s", (_, text, rule) => {
    expect(() => createManagementAuthenticator(new Secret(text))).toThrow(
      expect.objectContaining({
        code: "invalid_request",
        field: "auth.management_token",
        message: expect.stringContaining(rule),
      }),
    );
  });

  it("can be made with 16 characters", () => {
    expect(() => createManagementAuthenticator(new Secret("a".repeat(16)))).not.toThrow();
  });

  it("does not show a token that it refuses", () => {
    expect(() => createManagementAuthenticator(new Secret("hunter2"))).not.toThrow("hunter2");
  });
});

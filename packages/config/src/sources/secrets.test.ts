import type { JsonObject } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { configSchema } from "../schema/config.ts";
import type { FileContent } from "./read-file.ts";
import { readSecrets } from "./secrets.ts";

const token = "a-management-token";

const files: Readonly<Record<string, Partial<FileContent> & { text: string }>> = {
  "/etc/token": { text: `\n  ${token}\r\n` },
  "/srv/key": { text: "from-work" },
  "/secrets/key": { text: "from-secrets" },
  "/etc/read-only": { text: token, mode: 0o400 },
  "/etc/windows": { text: token, mode: undefined },
  "/etc/group": { text: token, mode: 0o640 },
  "/etc/mounted": { text: token, mode: 0o440, isOwn: false },
  "/etc/mounted-writable": { text: token, mode: 0o460, isOwn: false },
  "/etc/world": { text: token, mode: 0o604 },
  "/etc/writable": { text: token, mode: 0o620 },
  "/etc/empty": { text: " \n" },
  "/etc/large": { text: token, isTruncated: true },
  "/etc/lines": { text: "-----BEGIN\nKEY-----" },
};

async function readFile(path: string): Promise<FileContent> {
  const { text, ...rest } = files[path] ?? {};
  if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
  return { bytes: new TextEncoder().encode(text), isTruncated: false, mode: 0o600, ...rest };
}

async function read(tree: JsonObject, environment: Readonly<Record<string, string>> = {}) {
  const { at, findings } = await readSecrets(tree, configSchema, {
    environment,
    readFile,
    directoryOf: ([section]) => (section === "auth" ? "/etc" : "/srv"),
  });
  return { at, problems: findings.map(({ path, message }) => `${formatPath(path)}: ${message}`) };
}

const auth = (settings: JsonObject) => ({ auth: settings });

describe("readSecrets", () => {
  it.each<[string, JsonObject, Readonly<Record<string, string>>]>([
    ["inline", { management_token: token }, {}],
    ["in a file, trimmed", { management_token_file: "/etc/token" }, {}],
    ["in a file relative to where it is named", { management_token_file: "token" }, {}],
    ["in a file only its owner may read", { management_token_file: "/etc/read-only" }, {}],
    ["in a file of a system without modes", { management_token_file: "/etc/windows" }, {}],
    ["in a file that is mounted for the server's group", { management_token_file: "/etc/mounted" }, {}],
    ["in a variable", { management_token_env: "TOKEN" }, { TOKEN: token }],
  ])("reads a secret given %s", async (_, settings, environment) => {
    const { at, problems } = await read(auth(settings), environment);
    expect(problems).toEqual([]);
    expect(at(["auth", "management_token"])?.reveal()).toBe(token);
    expect(String(at(["auth", "management_token"]))).toBe("[secret]");
  });

  it("reads secrets of providers and of their lists of keys", async () => {
    const { at, problems } = await read(
      {
        providers: [
          { api_key_file: "/secrets/key" },
          { api_keys: [{ api_key_env: "K" }, { api_key_file: "key" }] },
        ],
      },
      { K: "from-environment" },
    );
    expect(problems).toEqual([]);
    expect(at(["providers", 0, "api_key"])?.reveal()).toBe("from-secrets");
    expect(at(["providers", 1, "api_keys", 0, "api_key"])?.reveal()).toBe("from-environment");
    expect(at(["providers", 1, "api_keys", 1, "api_key"])?.reveal()).toBe("from-work");
    expect(at(["providers", 1, "api_key"])).toBeUndefined();
  });

  it.each<[string, JsonObject, string]>([
    [
      "two spellings",
      { management_token: token, management_token_env: "T" },
      "auth.management_token: is given together with management_token_env, should be one of them",
    ],
    [
      "three spellings",
      { management_token: token, management_token_file: "f", management_token_env: "T" },
      "auth.management_token: is given together with management_token_file or management_token_env, should be one of them",
    ],
    [
      "a variable that is not set",
      { management_token_env: "NOPE" },
      "auth.management_token_env: names the environment variable NOPE, which is not set",
    ],
    [
      "a variable every object has",
      { management_token_env: "toString" },
      "auth.management_token_env: names the environment variable toString, which is not set",
    ],
    [
      "a variable that is empty",
      { management_token_env: "EMPTY" },
      "auth.management_token_env: names the environment variable EMPTY, which is empty",
    ],
    [
      "a file that is not there",
      { management_token_file: "nope" },
      "auth.management_token_file: names /etc/nope, which does not exist",
    ],
    [
      "a file its group may read",
      { management_token_file: "group" },
      "auth.management_token_file: names /etc/group, which others may read or write (mode 0640), should be mode 0600 or 0400",
    ],
    [
      "a mounted file its group may replace",
      { management_token_file: "mounted-writable" },
      "auth.management_token_file: names /etc/mounted-writable, which others may read or write (mode 0460), should be mode 0600 or 0400",
    ],
    [
      "a file everybody may read",
      { management_token_file: "world" },
      "auth.management_token_file: names /etc/world, which others may read or write (mode 0604), should be mode 0600 or 0400",
    ],
    [
      "a file others may replace",
      { management_token_file: "writable" },
      "auth.management_token_file: names /etc/writable, which others may read or write (mode 0620), should be mode 0600 or 0400",
    ],
    [
      "an empty file",
      { management_token_file: "empty" },
      "auth.management_token_file: names /etc/empty, which is empty",
    ],
    [
      "a large file",
      { management_token_file: "large" },
      "auth.management_token_file: names /etc/large, which is too large for a secret",
    ],
    [
      "several lines",
      { management_token_file: "lines" },
      "auth.management_token_file: is empty or holds spaces or other characters headers cannot carry, should be visible ASCII",
    ],
    [
      "nothing",
      { management_token: "" },
      "auth.management_token: is empty or holds spaces or other characters headers cannot carry, should be visible ASCII",
    ],
    [
      "spaces",
      { management_token: "correct horse battery" },
      "auth.management_token: is empty or holds spaces or other characters headers cannot carry, should be visible ASCII",
    ],
    [
      "letters of other alphabets",
      { management_token: "pässword-pässword" },
      "auth.management_token: is empty or holds spaces or other characters headers cannot carry, should be visible ASCII",
    ],
    [
      "fifteen characters",
      { management_token: "x".repeat(15) },
      "auth.management_token: is too short, should have at least 16 characters",
    ],
    [
      "more than a header carries",
      { management_token: "x".repeat(8_193) },
      "auth.management_token: is too long, should have at most 8192 characters",
    ],
    [
      "what looks like an API key",
      { management_token: "sk-llp-0123456789abcdef" },
      "auth.management_token: begins with sk-llp- as API keys do, should not",
    ],
    ["a value of the wrong type", { management_token_file: 7 }, "auth.management_token_file: should be text"],
  ])("refuses %s", async (_, settings, expected) => {
    const { at, problems } = await read(auth(settings), { EMPTY: "" });
    expect(problems).toEqual([expected]);
    expect(at(["auth", "management_token"])).toBeUndefined();
  });

  it("takes short keys of providers: their length is the vendor's", async () => {
    expect((await read({ providers: [{ api_key: "k" }] })).problems).toEqual([]);
  });

  it("never shows a secret it refuses", async () => {
    const { problems } = await read({
      ...auth({ management_token: "hunter2" }),
      providers: [{ api_key: "hunter2 hunter2" }],
    });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain("hunter2");
  });
});

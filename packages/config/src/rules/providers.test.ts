import type { JsonValue } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { checkProviders } from "./providers.ts";

/** What is found about one provider, as `path: message`. */
function problemsOf(provider: JsonValue): readonly string[] {
  return checkProviders({ providers: [provider] }).map(
    ({ path, message }) => `${formatPath(path)}: ${message}`,
  );
}

const openai = { name: "a", kind: "openai" };

describe("checkProviders", () => {
  it("finds nothing wrong with sound providers", () => {
    expect(
      problemsOf({ ...openai, api_key: "k", base_url: "https://a.example/v1", headers: { "X-Team": "a" } }),
    ).toEqual([]);
    expect(problemsOf({ ...openai, api_keys: [{ api_key_env: "K", weight: 2 }] })).toEqual([]);
    expect(problemsOf({ ...openai, headers: { Authorization: "Basic eA==" } })).toEqual([]);
    expect(problemsOf({ ...openai, base_url: "http://10.0.0.1/v1", allow_private: true })).toEqual([]);
  });

  it.each([
    ["a base URL that is private", { base_url: "http://10.0.0.1/v1" }, "base_url: is a private address"],
    [
      "a private base URL where allow_private is not true",
      { base_url: "https://10.0.0.1/v1", allow_private: "yes" },
      "base_url: is a private",
    ],
    [
      "a key beside keys",
      { api_key_env: "K", api_keys: [{ api_key: "k" }] },
      "api_keys: is given beside api_key",
    ],
    ["an empty list of keys", { api_keys: [] }, "api_keys: is empty"],
    ["an entry without key", { api_keys: [{ api_key: "k" }, { weight: 1 }] }, "api_keys[1]: has no key"],
    [
      "a header that is set by the server",
      { headers: { Host: "x" } },
      "headers.Host: is a header the server sets",
    ],
    [
      "a header of the connection",
      { headers: { "Proxy-Authorization": "x" } },
      "headers.Proxy-Authorization: is a header the server sets",
    ],
    ["a header name with a space", { headers: { "X Team": "x" } }, 'headers["X Team"]: is not a header name'],
    ["an empty header name", { headers: { "": "x" } }, 'headers[""]: is not a header name'],
    [
      "a header value with a line break",
      { headers: { "X-A": "x\r\nX-B: y" } },
      "headers.X-A: holds a line break",
    ],
    [
      "a header value that is not ASCII",
      { headers: { "X-A": "é" } },
      "headers.X-A: holds a line break or another",
    ],
    [
      "authorization beside a key",
      { api_key: "k", headers: { authorization: "x" } },
      "headers.authorization: is set by",
    ],
    [
      "authorization beside keys",
      { api_keys: [{ api_key: "k" }], headers: { Authorization: "x" } },
      "headers.Authorization: is set by",
    ],
  ])("refuses %s", (_, settings, expected) => {
    const problems = problemsOf({ ...openai, ...settings });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`providers[0].${expected}`);
  });

  it("never shows the value of a header", () => {
    expect(problemsOf({ ...openai, headers: { "X-A": "hunter2\n" } }).join()).not.toContain("hunter2");
  });

  it("finds everything in every provider at once", () => {
    const bad = { ...openai, base_url: "x", api_keys: [], headers: { Host: "x", Te: "x" } };
    expect(checkProviders({ providers: [bad, bad] })).toHaveLength(8);
  });

  it.each([[null], ["text"], [[]], [{ providers: "x" }], [{ providers: [1, null, "a", []] }]])(
    "leaves values of the wrong type to the schema: %j",
    (tree) => {
      expect(checkProviders(tree)).toEqual([]);
    },
  );

  it("leaves settings of the wrong type to the schema", () => {
    expect(problemsOf({ ...openai, base_url: 1, api_keys: "k", headers: ["x"] })).toEqual([]);
    expect(problemsOf({ ...openai, api_keys: ["k"], headers: { "X-A": 1 } })).toEqual([]);
  });
});

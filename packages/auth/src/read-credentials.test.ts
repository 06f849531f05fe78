import { inspect } from "node:util";
import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { type CredentialHeaders, readCredentials } from "./read-credentials.ts";

/** The token found, or undefined where there is none. */
function tokenOf(headers: CredentialHeaders): string | undefined {
  const credentials = readCredentials(headers);
  return credentials.kind === "token" ? credentials.token.reveal() : undefined;
}

/** The code of the refusal. */
function refusalOf(headers: CredentialHeaders): string {
  try {
    readCredentials(headers);
  } catch (error) {
    if (ProxyError.is(error)) return error.code;
  }
  return "none";
}

describe("readCredentials", () => {
  it.each<[string, CredentialHeaders]>([
    ["authorization", { authorization: "Bearer t0ken" }],
    ["authorization in lower case", { authorization: "bearer t0ken" }],
    ["authorization in upper case", { authorization: "BEARER t0ken" }],
    ["x-api-key", { "x-api-key": "t0ken" }],
    ["api-key", { "api-key": "t0ken" }],
    ["x-goog-api-key", { "x-goog-api-key": "t0ken" }],
    ["the realtime subprotocol", { "sec-websocket-protocol": "openai-insecure-api-key.t0ken" }],
    [
      "the realtime subprotocol among others",
      { "sec-websocket-protocol": "realtime, openai-insecure-api-key.t0ken ,openai-beta.realtime-v1" },
    ],
    [
      "subprotocols in several headers",
      { "sec-websocket-protocol": ["realtime", "openai-insecure-api-key.t0ken"] },
    ],
    ["a list of one", { authorization: ["Bearer t0ken"] }],
    ["one value twice in one header", { authorization: ["Bearer t0ken", "bearer t0ken"] }],
    ["one value in two headers", { authorization: "Bearer t0ken", "x-api-key": "t0ken" }],
    [
      "one value everywhere",
      {
        authorization: "Bearer t0ken",
        "x-api-key": "t0ken",
        "api-key": "t0ken",
        "x-goog-api-key": "t0ken",
        "sec-websocket-protocol": "openai-insecure-api-key.t0ken",
      },
    ],
  ])("finds the token in %s", (_, headers) => {
    expect(tokenOf(headers)).toBe("t0ken");
  });

  it.each<[string, CredentialHeaders]>([
    ["no headers", {}],
    ["an undefined header", { authorization: undefined, "x-api-key": undefined }],
    ["an empty list", { authorization: [] }],
    ["other subprotocols", { "sec-websocket-protocol": "realtime, graphql-ws" }],
    ["a cookie", { cookie: "token=t0ken; authorization=Bearer t0ken" }],
    ["a URL", { ":path": "/v1/models?key=t0ken&api_key=t0ken", referer: "https://x/?key=t0ken" }],
    ["a header with an underscore", { authorization_: "Bearer t0ken", x_api_key: "t0ken" }],
    ["proxy-authorization", { "proxy-authorization": "Bearer t0ken" }],
  ])("finds nothing in %s", (_, headers) => {
    expect(readCredentials(headers)).toEqual({ kind: "none" });
  });

  it.each<[string, CredentialHeaders]>([
    ["two headers", { authorization: "Bearer one", "x-api-key": "two" }],
    ["one header twice", { authorization: ["Bearer one", "Bearer two"] }],
    ["one header twice, the last as the first", { "x-api-key": ["one", "two", "one"] }],
    [
      "two subprotocols",
      { "sec-websocket-protocol": "openai-insecure-api-key.one, openai-insecure-api-key.two" },
    ],
    [
      "a header and a subprotocol",
      { "api-key": "one", "sec-websocket-protocol": "openai-insecure-api-key.two" },
    ],
    ["values that differ in case only", { "api-key": "token", "x-api-key": "Token" }],
  ])("refuses two tokens that differ: %s", (_, headers) => {
    expect(refusalOf(headers)).toBe("invalid_request");
  });

  it.each([
    ["empty", ""],
    ["only the scheme", "Bearer"],
    ["only the scheme and a blank", "Bearer "],
    ["another scheme", "Basic dXNlcjpwYXNz"],
    ["no scheme", "sk-llp-v-abc"],
    ["a scheme that begins alike", "Bearerish t0ken"],
    ["two blanks", "Bearer  t0ken"],
    ["a tab", "Bearer\tt0ken"],
    ["a blank before", " Bearer t0ken"],
    ["a blank after", "Bearer t0ken "],
    ["two tokens", "Bearer one, Bearer two"],
    ["SQL", "Bearer ' OR '1'='1"],
    ["NUL", "Bearer t0ken\0"],
    ["a line feed", "Bearer t0ken\n"],
    ["an emoji", "Bearer 🔑🔑🔑"],
    ["more than 8192 characters", `Bearer ${"a".repeat(8186)}`],
    ["10 KB", `Bearer ${"a".repeat(10_240)}`],
  ])("refuses a malformed authorization header: %s", (_, authorization) => {
    expect(refusalOf({ authorization })).toBe("unauthenticated");
  });

  it("accepts an authorization header of 8192 characters", () => {
    expect(tokenOf({ authorization: `Bearer ${"a".repeat(8185)}` })).toHaveLength(8185);
  });

  it.each(["x-api-key", "api-key", "x-goog-api-key"])("refuses a malformed %s header", (name) => {
    for (const value of ["", "a b", "a\r\nb", "ä", "a".repeat(8193)])
      expect(refusalOf({ [name]: value })).toBe("unauthenticated");
  });

  it("refuses an empty key in a subprotocol", () => {
    expect(refusalOf({ "sec-websocket-protocol": "openai-insecure-api-key." })).toBe("unauthenticated");
  });

  it("refuses a malformed header even beside a good one", () => {
    expect(refusalOf({ authorization: "Basic dXNlcjpwYXNz", "x-api-key": "t0ken" })).toBe("unauthenticated");
  });

  it("names what would be right and nothing of what was sent", () => {
    const read = () => readCredentials({ authorization: "Basic c2VjcmV0" });
    expect(read).toThrow("send `authorization: Bearer <api key>`");
    expect(read).not.toThrow("c2VjcmV0");
  });

  it("gives a token that cannot be printed", () => {
    const credentials = readCredentials({ authorization: "Bearer t0ken" });
    expect(
      `${JSON.stringify(credentials)} ${inspect(credentials, { depth: 9, showHidden: true })}`,
    ).not.toContain("t0ken");
  });
});

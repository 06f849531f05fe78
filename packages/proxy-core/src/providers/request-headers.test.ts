import { Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createRandomHex } from "../random-hex.ts";
import {
  checkHeaders,
  createHeaderWriter,
  type RequestFacts,
  type RequestHeadersOptions,
  secretHeaders,
} from "./request-headers.ts";

const key = new Secret("sk-upstream-key");
const randomHex = createRandomHex();

function requestHeaders(options: Omit<RequestHeadersOptions, "randomHex"> & RequestFacts) {
  return createHeaderWriter({ ...options, randomHex })(options);
}

describe("createHeaderWriter", () => {
  it("says what is wanted, who asks and on whose account", () => {
    expect(
      requestHeaders({
        apiKey: key,
        headers: { "OpenAI-Organization": "org-1", "api-key": new Secret("second") },
        accept: "text/event-stream",
        hasBody: true,
      }),
    ).toEqual({
      accept: "text/event-stream",
      "user-agent": "llmproxy",
      "openai-organization": "org-1",
      "api-key": "second",
      "content-type": "application/json",
      authorization: "Bearer sk-upstream-key",
    });
  });

  it("says no more than it has to", () => {
    expect(
      requestHeaders({ apiKey: undefined, headers: {}, accept: "application/json", hasBody: false }),
    ).toEqual({
      accept: "application/json",
      "user-agent": "llmproxy",
    });
  });

  it("lets the configuration say who asks", () => {
    const headers = { "User-Agent": "acme/1" };
    expect(requestHeaders({ apiKey: undefined, headers, accept: "*/*", hasBody: false })["user-agent"]).toBe(
      "acme/1",
    );
  });

  it.each([
    [true, "01"],
    [false, "00"],
  ])("continues the trace with a span of its own (sampled: %s)", (sampled, flags) => {
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled };
    const make = () =>
      requestHeaders({ apiKey: undefined, headers: {}, accept: "*/*", hasBody: false, trace }).traceparent;
    expect(make()).toMatch(new RegExp(`^00-${trace.traceId}-[0-9a-f]{16}-${flags}$`));
    expect(make()).not.toContain(trace.spanId);
    expect(make()).not.toBe(make());
  });
});

describe("createHeaderWriter for a kind with a key header of its own", () => {
  it("sends the key alone, and the kind's headers under the client's under the configured", () => {
    expect(
      requestHeaders({
        apiKey: key,
        keyHeader: "x-api-key",
        kindHeaders: { "x-version": "kind", "x-beta": "kind", "x-kind": "kind" },
        dialectHeaders: { "x-version": "client", "x-beta": "client", "api-key": "client", "bad name": "x" },
        headers: { "X-Version": "configured" },
        accept: "application/json",
        hasBody: false,
      }),
    ).toEqual({
      accept: "application/json",
      "user-agent": "llmproxy",
      "x-kind": "kind",
      "x-beta": "client",
      "x-version": "configured",
      "x-api-key": "sk-upstream-key",
    });
  });
});

describe("checkHeaders", () => {
  it("takes authorization beside a key that stands elsewhere", () => {
    expect(() => checkHeaders({ authorization: "Basic abc" }, key, "x-api-key")).not.toThrow();
    expect(() => checkHeaders({ "X-API-Key": "other" }, key, "x-api-key")).toThrow("headers.x-api-key");
  });

  it("accepts ordinary headers and keys", () => {
    expect(() => checkHeaders({ "OpenAI-Project": "p", "x-empty": "", "x-tab": "a\tb" }, key)).not.toThrow();
    expect(() => checkHeaders({ authorization: new Secret("Basic abc") }, undefined)).not.toThrow();
  });

  it.each([
    "Host",
    "connection",
    "Content-Length",
    "transfer-encoding",
    "te",
    "upgrade",
    "expect",
    "accept-encoding",
    "Content-Type",
    "cookie",
    "proxy-authorization",
    "traceparent",
  ])("refuses to have %s set", (name) => {
    expect(() => checkHeaders({ [name]: "x" }, undefined)).toThrow(
      expect.objectContaining({ code: "invalid_request", field: `headers.${name.toLowerCase()}` }),
    );
  });

  it.each([
    ["a name with a space", "x y", "1"],
    ["a name with a colon", "x:", "1"],
    ["no name", "", "1"],
    ["a name beyond ASCII", "x-é", "1"],
    ["a line end in the value", "x", "1\r\nhost: evil"],
    ["a NUL in the value", "x", "1\0"],
    ["a value beyond ASCII", "x", "é"],
  ])("refuses %s", (_, name, value) => {
    expect(() => checkHeaders({ [name]: value }, undefined)).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });

  it("refuses two credentials", () => {
    expect(() => checkHeaders({ Authorization: "Bearer x" }, key)).toThrow(
      expect.objectContaining({ field: "headers.authorization" }),
    );
  });

  it.each(["", "two words", "line\nend", "schlüssel"])("refuses the key %j without telling it", (value) => {
    const check = () => checkHeaders({}, new Secret(value));
    expect(check).toThrow(expect.objectContaining({ field: "api_key" }));
    expect(check).toThrow("api_key must be visible ASCII characters without spaces");
  });
});

describe("secretHeaders", () => {
  it("finds the values that are secrets", () => {
    expect(secretHeaders({ a: "b", c: key })).toEqual([key]);
  });
});

import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { type CorsPolicy, createCors } from "./cors.ts";
import type { HttpRequest, HttpResponse } from "./exchange.ts";

const policy: CorsPolicy = { origins: ["https://app.example.com"], maxAgeMs: 600_000 };

function ask(method: string, headers: IncomingHttpHeaders, given = policy) {
  const sent = new Map<string, string>();
  let body: string | undefined;
  const response = {
    statusCode: 0,
    headersSent: false,
    setHeader: (name: string, value: string) => sent.set(name, value),
    end(chunk?: Uint8Array) {
      body = chunk ? Buffer.from(chunk).toString() : "";
    },
  } as unknown as HttpResponse;
  const request = { method, url: "/v1/chat/completions", headers, socket: {} } as unknown as HttpRequest;
  const write = ({ code }: { code: string }) => ({ error: { code } });
  const isAnswered = createCors(() => given).handle(request, response, write);
  return { isAnswered, status: response.statusCode, headers: Object.fromEntries(sent), body };
}

const preflight = { "access-control-request-method": "POST" };
const app = "https://app.example.com";

describe("CORS", () => {
  it("tells an allowed page that it may read the answer, and leaves the answer to the endpoint", () => {
    const { isAnswered, headers } = ask("POST", { origin: app });
    expect(isAnswered).toBe(false);
    expect(headers).toMatchObject({
      "access-control-allow-origin": app,
      vary: "origin",
      "access-control-expose-headers": expect.stringContaining("x-request-id"),
    });
  });

  it("lets scripts read what gRPC-Web and Connect clients need", () => {
    const { headers } = ask("POST", { origin: app });
    for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin", "retry-after"])
      expect(headers["access-control-expose-headers"]).toContain(name);
  });

  it("lets scripts read what is passed on of an upstream's headers", () => {
    const { headers } = ask("POST", { origin: app });
    for (const name of ["x-upstream-request-id", "openai-processing-ms"])
      expect(headers["access-control-expose-headers"]?.split(", ")).toContain(name);
  });

  it("answers a preflight with the headers that were asked for", () => {
    const asked = "authorization, content-type, x-stainless-os, connect-protocol-version";
    const answer = ask("OPTIONS", { origin: app, ...preflight, "access-control-request-headers": asked });
    expect(answer).toMatchObject({
      isAnswered: true,
      status: 204,
      headers: {
        "access-control-allow-origin": app,
        "access-control-allow-headers": asked,
        "access-control-allow-methods": expect.stringContaining("DELETE"),
        "access-control-max-age": "600",
      },
    });
  });

  it("allows every page with *", () => {
    const { headers } = ask("GET", { origin: "http://anywhere.test" }, { origins: ["*"], maxAgeMs: 0 });
    expect(headers["access-control-allow-origin"]).toBe("*");
  });

  it("never allows credentials of the browser itself", () => {
    for (const origins of [[app], ["*"]])
      expect(ask("POST", { origin: app }, { origins, maxAgeMs: 0 }).headers).not.toHaveProperty(
        "access-control-allow-credentials",
      );
  });

  it.each([
    "https://app.example.com.evil.test",
    "http://app.example.com",
    "https://APP.example.com",
    "null",
    "https://app.example.com:8443",
  ])("refuses the preflight of %s, saying where origins are listed", (origin) => {
    const answer = ask("OPTIONS", { origin, ...preflight });
    expect(answer).toMatchObject({ isAnswered: true, status: 403 });
    expect(answer.body).toContain("origin_not_allowed");
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("lets a request of another page through without the headers that would let it read the answer", () => {
    const { isAnswered, headers } = ask("POST", { origin: "https://evil.test" });
    expect(isAnswered).toBe(false);
    expect(headers).toEqual({ vary: "origin" });
  });

  it("tells caches that answers differ by origin, also where there is none", () => {
    expect(ask("POST", {})).toMatchObject({ isAnswered: false, headers: { vary: "origin" } });
  });

  it("says nothing when no page is allowed", () => {
    const closed = { origins: [], maxAgeMs: 0 };
    expect(ask("OPTIONS", { origin: app, ...preflight }, closed)).toMatchObject({
      isAnswered: false,
      headers: {},
    });
  });

  it("does not take an OPTIONS request for a preflight that is none", () => {
    expect(ask("OPTIONS", { origin: app }).isAnswered).toBe(false);
  });

  it("does not repeat what is no list of header names", () => {
    const asked = "x-ok, bad\theader";
    const { headers } = ask("OPTIONS", {
      origin: app,
      ...preflight,
      "access-control-request-headers": asked,
    });
    expect(headers).not.toHaveProperty("access-control-allow-headers");
  });
});

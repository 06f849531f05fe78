import { describe, expect, it } from "vitest";
import { checkRequest, type RequestHead } from "./check-request.ts";

const limits = { maxHeaders: 100, maxHeaderBytes: 1_000 };

const good: RequestHead = {
  protocol: "http1",
  version: "1.1",
  method: "POST",
  target: "/v1/models",
  rawHeaders: ["Host", "localhost:8080", "Content-Type", "application/json"],
};

function headers(...rawHeaders: readonly string[]): Partial<RequestHead> {
  return { rawHeaders: ["Host", "localhost", ...rawHeaders] };
}

function http2(...rawHeaders: readonly string[]): Partial<RequestHead> {
  return { protocol: "http2", version: "2.0", rawHeaders };
}

describe("checkRequest", () => {
  const accepted: Readonly<Record<string, Partial<RequestHead>>> = {
    "a plain request": {},
    "HTTP/1.0 without host": { version: "1.0", rawHeaders: [] },
    "HTTP/1.0 whatever it expects": { version: "1.0", rawHeaders: ["Expect", "wat"] },
    "a chunked body": headers("Transfer-Encoding", "Chunked"),
    "a chunked body with blanks around the coding": headers("Transfer-Encoding", " \tchunked\t "),
    "the only expectation": headers("Expect", "100-Continue"),
    "headers that may come twice": headers(
      "Accept",
      "a",
      "Accept",
      "b",
      "X-Forwarded-For",
      "1",
      "X-Forwarded-For",
      "2",
    ),
    "an upgrade, which it ignores": headers("Connection", "Upgrade", "Upgrade", "websocket"),
    "an IPv6 host": { rawHeaders: ["host", "[::1]:8080"] },
    "a host with underscore, as containers have": { rawHeaders: ["host", "my_service:80"] },
    "HTTP/2 with authority": http2(":authority", "localhost"),
    "HTTP/2 with host alone": http2("host", "localhost"),
    "HTTP/2 with both alike": http2(":authority", "LocalHost", "host", "localhost"),
    "HTTP/2 with headers as large as may be": http2(":authority", "a", "x", "y".repeat(924)),
    "HTTP/1.1 with as many bytes as the parser let through": headers("x", "y".repeat(2_000)),
    "as many headers as allowed": { rawHeaders: ["host", "a", ...new Array(99).fill(["x", "y"]).flat()] },
    "a name that every object has": headers("constructor", "1", "toString", "2"),
  };
  it.each(Object.entries(accepted))("lets %s pass", (_name, change) => {
    expect(checkRequest({ ...good, ...change }, limits)).toBeUndefined();
  });

  const refused: Readonly<Record<string, readonly [number, Partial<RequestHead>]>> = {
    "HTTP/2.0 on an HTTP/1 connection": [505, { version: "2.0" }],
    "HTTP/1.2": [505, { version: "1.2" }],
    "HTTP/0.9": [505, { version: "0.9" }],
    TRACE: [405, { method: "TRACE" }],
    CONNECT: [405, { method: "CONNECT" }],
    PROPFIND: [405, { method: "PROPFIND" }],
    "a method in lower case": [405, { method: "post" }],
    "an absolute target": [400, { target: "http://evil/v1/models" }],
    "one header too many": [431, { rawHeaders: ["host", "a", ...new Array(100).fill(["x", "y"]).flat()] }],
    "two hosts": [400, headers("host", "localhost")],
    "two authorizations, even alike": [
      400,
      headers("Authorization", "Bearer a", "authorization", "Bearer a"),
    ],
    "two api keys": [400, headers("x-api-key", "a", "X-Api-Key", "b")],
    "two content lengths": [400, headers("Content-Length", "1", "Content-Length", "1")],
    "two content types": [400, headers("Content-Type", "a/b", "Content-Type", "a/c")],
    "two transfer encodings": [400, headers("Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked")],
    "an underscore in a name": [400, headers("X_Forwarded_For", "::1")],
    "an underscore at the end of a name": [400, headers("Authorization_", "Bearer a")],
    "the name of every object's prototype": [400, headers("__proto__", "x")],
    "no host": [400, { rawHeaders: [] }],
    "an empty host": [400, { rawHeaders: ["host", ""] }],
    "a host with a path": [400, { rawHeaders: ["host", "a/../key"] }],
    "a host with a fragment": [400, { rawHeaders: ["host", "localhost/#@x"] }],
    "a host with a user": [400, { rawHeaders: ["host", "user@localhost"] }],
    "a host with a blank": [400, { rawHeaders: ["host", "a b"] }],
    "a host with a control character": [400, { rawHeaders: ["host", "a\tb"] }],
    "a host with a port that is none": [400, { rawHeaders: ["host", "a:b"] }],
    "a host with a port too long": [400, { rawHeaders: ["host", "a:123456"] }],
    "a host with an open bracket": [400, { rawHeaders: ["host", "[::1"] }],
    "two hosts in one": [400, { rawHeaders: ["host", "a, b"] }],
    "a malformed host over HTTP/1.0": [400, { version: "1.0", rawHeaders: ["host", "a/b"] }],
    "transfer-encoding over HTTP/1.0": [400, { ...headers("Transfer-Encoding", "chunked"), version: "1.0" }],
    "transfer-encoding with content-length": [
      400,
      headers("Content-Length", "5", "Transfer-Encoding", "chunked"),
    ],
    "an unknown last coding": [400, headers("Transfer-Encoding", "xchunked")],
    "chunked that is not last": [400, headers("Transfer-Encoding", "chunked, identity")],
    "chunked twice": [400, headers("Transfer-Encoding", "chunked, chunked")],
    "an empty transfer-encoding": [400, headers("Transfer-Encoding", "")],
    "chunked with a no-break space": [400, headers("Transfer-Encoding", "chunked\xa0")],
    "chunked with a vertical tab": [400, headers("Transfer-Encoding", "\vchunked")],
    "a coding before chunked": [501, headers("Transfer-Encoding", "gzip, chunked")],
    "an unknown expectation": [417, headers("Expect", "wat")],
    "an unknown expectation beside the known one": [417, headers("Expect", "wat, 100-continue")],
    "HTTP/2 with headers that are too large": [431, http2(":authority", "a", "x", "y".repeat(925))],
    "HTTP/2 without any host": [400, http2()],
    "HTTP/2 with host and authority that differ": [400, http2(":authority", "a", "host", "b")],
    "HTTP/2 with a malformed authority": [400, http2(":authority", "a@b")],
  };
  it.each(Object.entries(refused))("refuses %s", (_name, [status, change]) => {
    expect(checkRequest({ ...good, ...change }, limits)?.status).toBe(status);
  });

  it("gives up the connection where the end of the request is in doubt, and only there", () => {
    const closes = (change: Partial<RequestHead>) =>
      checkRequest({ ...good, ...change }, limits)?.closes ?? false;
    expect(closes(headers("Transfer-Encoding", "gzip, chunked"))).toBe(true);
    expect(closes(headers("host", "b"))).toBe(true);
    expect(closes({ version: "2.0" })).toBe(true);
    expect(closes(headers("Authorization", "a", "Authorization", "b"))).toBe(false);
    expect(closes({ target: "//" })).toBe(false);
  });

  it("names the methods that are supported", () => {
    expect(checkRequest({ ...good, method: "TRACE" }, limits)?.headers).toEqual({
      allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    });
  });

  it("takes linear time over blanks in a transfer-encoding", () => {
    const startedMs = performance.now();
    checkRequest(
      { ...good, ...headers("Transfer-Encoding", `a${" ".repeat(16_000)}b${"\t".repeat(16_000)}c`) },
      limits,
    );
    expect(performance.now() - startedMs).toBeLessThan(50);
  });
});

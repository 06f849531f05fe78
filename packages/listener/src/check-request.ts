/**
 * Refuses requests about which two readers could disagree.
 *
 * Node's parsers are stricter than most and still let pass what another hop reads otherwise, or hide the
 * second of two contradicting headers. What they refuse themselves is not repeated here.
 *
 * @module
 */

import { checkHost } from "./check-host.ts";
import { checkTarget } from "./check-target.ts";
import { checkTransferEncoding } from "./check-transfer-encoding.ts";
import type { ListenerLimits } from "./limits.ts";
import { badRequest, type Refusal } from "./refusal.ts";

/** What a request says before its body. */
export interface RequestHead {
  /** What was spoken on the connection; decides which rules hold. */
  readonly protocol: "http1" | "http2";
  /** `1.0`, `1.1` or whatever else an HTTP/1 request line named; `2.0` over HTTP/2. */
  readonly version: string;
  /** The method as sent. */
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  /** Names and values in turn, as sent; over HTTP/2 with the pseudo-headers. */
  readonly rawHeaders: readonly string[];
}

/** How large the head of a request may be. */
export type HeaderLimits = Pick<ListenerLimits, "maxHeaders" | "maxHeaderBytes">;

const methods = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

/** The answer to a method nobody serves. */
export const methodRefusal: Refusal = {
  status: 405,
  code: "method_not_allowed",
  message: `the method is not supported; use one of ${[...methods].join(", ")}`,
  headers: { allow: [...methods].join(", ") },
};

const versionRefusal: Refusal = {
  status: 505,
  code: "invalid_request",
  message: "the version is not supported; use HTTP/1.1, or HTTP/2 with prior knowledge",
  closes: true,
};

const expectationRefusal: Refusal = {
  status: 417,
  code: "invalid_request",
  message: "the expectation is not supported; expect 100-continue or nothing",
};

/** Headers that must not come twice: of two that differ, another reader may believe the other. */
const singleHeaders = new Set([
  ":authority",
  "api-key",
  "authorization",
  "content-length",
  "content-type",
  "expect",
  "host",
  "transfer-encoding",
  "x-api-key",
  "x-goog-api-key",
]);

/** Those of them by which the end of a request is found. */
const framingHeaders = new Set(["content-length", "host", "transfer-encoding"]);

/**
 * Checks the head of a request.
 *
 * @param head - what the request says before its body
 * @param limits - how many header fields it may have, and how large they may be together
 * @returns why it is refused, or `undefined`
 */
export function checkRequest(head: RequestHead, limits: HeaderLimits): Refusal | undefined {
  if (head.protocol === "http1" && head.version !== "1.1" && head.version !== "1.0") return versionRefusal;
  if (!methods.has(head.method)) return methodRefusal;
  const fields = new Map<string, string>();
  return (
    checkHeaderSize(head, limits) ??
    checkTarget(head.target) ??
    collectFields(head.rawHeaders, fields) ??
    checkHost(head, fields) ??
    checkTransferEncoding(head, fields) ??
    checkExpectation(head, fields)
  );
}

/** Gathers the values of the headers that may come once, and refuses names that gateways disagree about. */
function collectFields(rawHeaders: readonly string[], fields: Map<string, string>): Refusal | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    // CGI-like hops turn hyphens into underscores: X_Forwarded_For would then pass for X-Forwarded-For.
    if (name.includes("_")) return badRequest("header names must not contain underscores");
    if (!singleHeaders.has(name)) continue;
    if (fields.has(name))
      return badRequest(`the header ${name} must not be sent twice`, { closes: framingHeaders.has(name) });
    fields.set(name, rawHeaders[index + 1] ?? "");
  }
  return undefined;
}

function checkExpectation(head: RequestHead, fields: ReadonlyMap<string, string>): Refusal | undefined {
  const expectation = fields.get("expect");
  // RFC 9110 §10.1.1: expectations of HTTP/1.0 requests are ignored.
  if (expectation === undefined || head.version === "1.0") return undefined;
  return expectation.trim().toLowerCase() === "100-continue" ? undefined : expectationRefusal;
}

function checkHeaderSize(
  head: RequestHead,
  { maxHeaders, maxHeaderBytes }: HeaderLimits,
): Refusal | undefined {
  if (head.rawHeaders.length > 2 * maxHeaders)
    return headersTooLarge(`the request has too many headers; send at most ${maxHeaders}`);
  // Over HTTP/1.1 the parser counts; over HTTP/2 nghttp2 does, but only once the client has acknowledged that.
  if (head.protocol === "http2" && headerListBytes(head.rawHeaders) > maxHeaderBytes)
    return headersTooLarge(`the headers of the request are too large; send at most ${maxHeaderBytes} bytes`);
  return undefined;
}

/** The size of a header list as RFC 9113 §6.5.2 defines it: 32 bytes more for each field. */
function headerListBytes(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((bytes, text) => bytes + text.length + 16, 0);
}

function headersTooLarge(message: string): Refusal {
  return { status: 431, code: "headers_too_large", message };
}

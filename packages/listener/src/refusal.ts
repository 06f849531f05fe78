/**
 * Answers to requests that never reach the handler.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { ServerResponse, STATUS_CODES } from "node:http";
import { type ErrorCode, errorTable } from "@llmproxy/spec";
import type { ListenerResponse } from "./handler.ts";
import { securityHeaders } from "./security-headers.ts";

/** Why a request is refused. */
export interface Refusal {
  /** HTTP status; not always that of `code`, which knows no 408, 417, 501 and 505. */
  readonly status: number;
  /** The code in the body. */
  readonly code: ErrorCode;
  /** For the caller: what is wrong and what would be right. */
  readonly message: string;
  /** Whether nobody can tell any more where the next request on an HTTP/1.1 connection begins. */
  readonly closes?: boolean;
  /** Further headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes the refusal that most are: 400 `invalid_request`. */
export function badRequest(message: string, options: { readonly closes?: boolean } = {}): Refusal {
  return { status: 400, code: "invalid_request", message, ...options };
}

/** Writes a refusal as the whole answer; headers set before, other than the security headers, stay. */
export function writeRefusal(response: ListenerResponse, refusal: Refusal, requestId: unknown): void {
  const body = refusalBody(refusal);
  response.statusCode = refusal.status;
  for (const [name, value] of refusalHeaders(refusal, body, requestId)) response.setHeader(name, value);
  if (refusal.closes === true && response instanceof ServerResponse) response.shouldKeepAlive = false;
  response.end(body);
}

/** A refusal as the bytes of an HTTP/1.1 answer after which the connection is closed. */
export function refusalBytes(refusal: Refusal): string {
  const body = refusalBody(refusal);
  const headers = [...refusalHeaders(refusal, body, undefined), ["connection", "close"] as const];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines}\r\n${body}`;
}

function refusalBody({ code, message }: Refusal): string {
  return JSON.stringify({ error: { message, type: errorTable[code].openai, param: null, code } });
}

function refusalHeaders(
  refusal: Refusal,
  body: string,
  requestId: unknown,
): readonly (readonly [string, string])[] {
  const { code, status } = refusal;
  // A request that came too slowly may well come in time when it is sent again.
  const worthRetrying = errorTable[code].retryable || status === 408;
  return [
    ...securityHeaders,
    ["content-type", "application/json"],
    ["content-length", String(Buffer.byteLength(body))],
    ["x-request-id", acceptedRequestId(requestId) ?? randomUUID()],
    ...(worthRetrying ? [] : [["x-should-retry", "false"] as const]),
    ...Object.entries(refusal.headers ?? {}),
  ];
}

function acceptedRequestId(given: unknown): string | undefined {
  return typeof given === "string" && /^[\w-]{8,64}$/.test(given) ? given : undefined;
}

/**
 * What went wrong on the way to an upstream, said to the caller without telling addresses.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import type { UpstreamTimeouts } from "./watchdog.ts";

/** How far an exchange had come when its connection failed. */
export type ConnectionStage = "connecting" | "connected";

const limits: Readonly<Record<keyof UpstreamTimeouts, { readonly key: string; readonly what: string }>> = {
  connectMs: { key: "connect", what: "did not accept a connection" },
  firstByteMs: { key: "first_byte", what: "did not begin to answer" },
  idleMs: { key: "idle", what: "sent nothing more" },
  totalMs: { key: "total", what: "did not finish its answer" },
};

/** The failure when a time limit passed. */
export function timeoutError(
  provider: string,
  limit: keyof UpstreamTimeouts,
  timeouts: UpstreamTimeouts,
): ProxyError {
  const { key, what } = limits[limit];
  return new ProxyError(
    "deadline_exceeded",
    `provider "${provider}" ${what} within ${timeouts[limit] / 1_000} s (providers[].timeout.${key})`,
  );
}

/**
 * The failure when a connection could not be made, or broke before the answer began: `upstream_failed`, or
 * `upstream_cut` when the request may have been at work already.
 */
export function connectionError(provider: string, stage: ConnectionStage, cause: unknown): ProxyError {
  if (ProxyError.is(cause))
    return new ProxyError(cause.code, `provider "${provider}" was not connected to: ${cause.message}`, {
      cause,
    });
  const code = errorCode(cause);
  if (stage === "connected" && brokenCodes.has(code)) return cutError(provider, "before it answered", cause);
  return new ProxyError("upstream_failed", `provider "${provider}" ${describe(code)}`, { cause });
}

/** The failure when the answer broke off. */
export function cutError(provider: string, when: string, cause?: unknown): ProxyError {
  return new ProxyError("upstream_cut", `provider "${provider}" closed the connection ${when}`, { cause });
}

/** The code of a system, parser or TLS error; that of the first attempt where several addresses were tried. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // undici looks its parser's code up in the wrong direction and finds none.
  if ("name" in error && error.name === "HTTPParserError") return "HPE_INVALID";
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return "";
}

const brokenCodes = new Set(["", "ECONNRESET", "EPIPE", "ECONNABORTED", "UND_ERR_SOCKET"]);

const descriptions: Readonly<Record<string, string>> = {
  ENOTFOUND: "its host name does not resolve",
  ENODATA: "its host name does not resolve",
  EAI_AGAIN: "its host name cannot be resolved at the moment",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "its network is unreachable",
  ENETUNREACH: "its network is unreachable",
  CERT_HAS_EXPIRED: "its TLS certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another name",
  EPROTO: "the TLS handshake failed",
};

const untrusted = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|INVALID_)/;

function describe(code: string): string {
  if (code === "UND_ERR_HEADERS_OVERFLOW") return "answered with headers larger than 64 KiB";
  if (code.startsWith("HPE_") || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH")
    return "answered with what is not valid HTTP";
  return `could not be reached: ${describeConnection(code)}`;
}

function describeConnection(code: string): string {
  const known = Object.hasOwn(descriptions, code) ? descriptions[code] : undefined;
  if (known) return known;
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return "the TLS handshake failed";
  return untrusted.test(code) ? "its TLS certificate is not trusted" : "the connection failed";
}

/**
 * Says why a port cannot be listened on.
 *
 * @module
 */

import { type ErrorCode, ProxyError } from "@llmproxy/spec";

/** Where the listener was told to listen. */
export interface ListenAddress {
  /** Host name or IP address. */
  readonly host: string;
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
}

interface Explanation {
  readonly code: ErrorCode;
  readonly field: "host" | "port";
  readonly message: (address: ListenAddress) => string;
}

const unknownHost: Explanation = {
  code: "invalid_request",
  field: "host",
  message: ({ host }) => `the host ${host} is not known; use an address of this machine, e.g. 127.0.0.1`,
};

const explanations: Readonly<Record<string, Explanation>> = {
  EADDRINUSE: {
    code: "conflict",
    field: "port",
    message: ({ host, port }) =>
      `port ${port} on ${host} is already in use; choose another port or stop the program that uses it`,
  },
  EACCES: {
    code: "permission_denied",
    field: "port",
    message: ({ host, port }) =>
      `this user may not listen on port ${port} of ${host}; choose a port of 1024 or above`,
  },
  EADDRNOTAVAIL: {
    code: "invalid_request",
    field: "host",
    message: ({ host }) =>
      `${host} is not an address of this machine; use one of its addresses, e.g. 127.0.0.1`,
  },
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ERR_SOCKET_BAD_PORT: {
    code: "invalid_request",
    field: "port",
    message: ({ port }) => `${port} is not a port; use a whole number from 0 to 65535`,
  },
};

/** Turns what `listen` failed with into an error for the operator. */
export function startError(cause: unknown, address: ListenAddress): ProxyError {
  const explanation =
    cause instanceof Error && "code" in cause ? explanations[String(cause.code)] : undefined;
  if (explanation === undefined)
    return new ProxyError("unavailable", `cannot listen on port ${address.port} of ${address.host}`, {
      cause,
    });
  const { code, field, message } = explanation;
  return new ProxyError(code, message(address), { field, cause });
}

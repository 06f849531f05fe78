/**
 * One HTTP exchange, whichever version of HTTP carries it.
 *
 * @module
 */

import type { IncomingHttpHeaders } from "node:http";
import { type Call, type Permission, ProxyError, type RequestReader } from "@llmproxy/spec";

/** What is used of a request; `IncomingMessage` and `Http2ServerRequest` both have it. */
export interface HttpRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Whether somebody before us has read the body to its end. */
  readonly readableEnded?: boolean | undefined;
  /** What a body parser before us made of the body. */
  readonly body?: unknown;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "end" | "error" | "close", listener: () => void): unknown;
  off(event: "data", listener: (chunk: Buffer) => void): unknown;
  off(event: "end" | "error" | "close", listener: () => void): unknown;
}

/** What is used of a response; `ServerResponse` and `Http2ServerResponse` both have it. */
export interface HttpResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableNeedDrain: boolean;
  /** How many bytes have been written and not yet been taken by the system; not known of HTTP/2. */
  readonly writableLength?: number;
  setHeader(name: string, value: string): unknown;
  write(chunk: Uint8Array | string, encoding: BufferEncoding, written: () => void): boolean;
  write(chunk: Uint8Array | string): boolean;
  end(): unknown;
  end(chunk: Uint8Array): unknown;
  destroy(): unknown;
  /** HTTP/2 only: the stream, which can be reset with a code. */
  readonly stream?: { close(code: number): void };
  on(event: "drain" | "finish" | "close", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  off(event: "drain" | "finish" | "close", listener: () => void): unknown;
}

/** Answers a request completely; must not throw. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/** One exchange, ready to be answered. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly signal: AbortSignal;
  /** Makes the call with what the headers present. */
  call(endpoint: string, permission: Permission, read?: RequestReader): Call;
}

/**
 * A signal that aborts when the client leaves before it has been answered.
 *
 * @param response - the response; `close` before its end means that nobody reads any more
 */
export function clientSignal(response: HttpResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableEnded)
      controller.abort(new ProxyError("canceled", "the client closed the connection"));
  });
  return controller.signal;
}

/** The first value of a header; undefined when it is absent. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The path of a request, as sent and without its query. */
export function pathOf(request: HttpRequest): string {
  const url = request.url ?? "/";
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

/** The query of a request. */
export function queryOf(request: HttpRequest): URLSearchParams {
  const url = request.url ?? "/";
  const start = url.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : url.slice(start + 1));
}

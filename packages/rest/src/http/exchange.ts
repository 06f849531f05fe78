/**
 * What is used of a request and a response, whichever version of HTTP carries them.
 *
 * @module
 */

/** Headers as `node:http` has them: names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What is used of a request; `IncomingMessage` and `Http2ServerRequest` both have it. */
export interface HttpRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: HttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "end" | "error" | "close", listener: () => void): unknown;
  off(event: "data", listener: (chunk: Buffer) => void): unknown;
  off(event: "end" | "error" | "close", listener: () => void): unknown;
  resume(): unknown;
}

/** What is used of a response; `ServerResponse` and `Http2ServerResponse` both have it. */
export interface HttpResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableNeedDrain: boolean;
  setHeader(name: string, value: string): unknown;
  addTrailers(trailers: Record<string, string>): unknown;
  write(chunk: string, encoding: BufferEncoding, written: () => void): boolean;
  write(chunk: string): boolean;
  end(): unknown;
  end(chunk: Uint8Array): unknown;
  destroy(): unknown;
  /** HTTP/2 only: the stream, which can be reset with a code. */
  readonly stream?: { close(code: number): void };
  on(event: "drain" | "finish" | "close", listener: () => void): unknown;
  once(event: "close" | "finish", listener: () => void): unknown;
  off(event: "drain" | "finish" | "close", listener: () => void): unknown;
}

/** The value of a header, several joined by `, `; undefined when it is absent. */
export function headerOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** Headers with one value each, without the pseudo-headers of HTTP/2. */
export function plainHeaders(headers: HttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headerOf(headers, name);
    if (value !== undefined && !name.startsWith(":")) plain[name] = value;
  }
  return plain;
}

/** The two halves of a request's target; the query without its question mark, empty when there is none. */
export function splitTarget(url = "/"): { readonly path: string; readonly query: string } {
  const end = url.indexOf("?");
  return end < 0 ? { path: url, query: "" } : { path: url.slice(0, end), query: url.slice(end + 1) };
}

/** INTERNAL_ERROR of HTTP/2 (RFC 9113 §7); `node:http2` names it, and costs 10 MB where only HTTP/1.1 is spoken. */
const http2InternalError = 0x2;

/** Destroys the connection (HTTP/1.1) or resets the stream with a code that says failure (HTTP/2). */
export function breakOff(response: HttpResponse): void {
  if (response.stream) response.stream.close(http2InternalError);
  else response.destroy();
}

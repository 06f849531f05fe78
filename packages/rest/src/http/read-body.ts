/**
 * Reading a bounded JSON body.
 *
 * @module
 */

import { type Clock, ProxyError, type Timer } from "@llmproxy/spec";
import { type HttpRequest, headerOf } from "./exchange.ts";

/** What bounds the reading of a body. */
export interface ReadBodyOptions {
  /** The most bytes to hold. */
  readonly maxBytes: number;
  /** Ends the wait; the reason is thrown. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long a client may send nothing, in milliseconds. */
  readonly stallMs: number;
}

/**
 * Reads a body that is JSON or empty.
 *
 * @returns the bytes; none where there is no body
 * @throws `unsupported_media_type` for a body that says it is something else, or is compressed; before it is read
 *   where its length is known
 * @throws `too_large` at once where `content-length` tells
 * @throws `canceled` when the client breaks off, or sends nothing for too long
 */
export async function readJsonBytes(request: HttpRequest, options: ReadBodyOptions): Promise<Uint8Array> {
  const declared = Number(headerOf(request.headers, "content-length") ?? 0);
  const refusal = contentRefusal(request);
  if (refusal && declared > 0) throw refusal;
  if (declared > options.maxBytes) throw tooLarge(options.maxBytes);
  const body = await readBytes(request, options);
  if (refusal && body.length > 0) throw refusal;
  return body;
}

/** Whether a request says that it has a body. */
export function announcesBody({ headers }: HttpRequest): boolean {
  return Number(headerOf(headers, "content-length") ?? 0) > 0 || "transfer-encoding" in headers;
}

function contentRefusal({ headers }: HttpRequest): ProxyError | undefined {
  const type = headerOf(headers, "content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") return unsupported("content-type", "application/json");
  const encoding = headerOf(headers, "content-encoding")?.toLowerCase();
  if (encoding === undefined || encoding === "identity") return undefined;
  return unsupported("content-encoding", "an uncompressed body");
}

function unsupported(field: string, expected: string): ProxyError {
  return new ProxyError("unsupported_media_type", `${field}: expected ${expected}`, { field });
}

function readBytes(request: HttpRequest, options: ReadBodyOptions): Promise<Uint8Array> {
  const { maxBytes, signal, clock, stallMs } = options;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const startTimer = () => clock.schedule(stallMs, () => settle(() => reject(stalled())));
    let timer: Timer | undefined;
    const settle = (finish: () => void): void => {
      timer?.cancel();
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("error", onBroken);
      request.off("close", onBroken);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      timer?.cancel();
      timer = startTimer();
      if (length > maxBytes) settle(() => reject(tooLarge(maxBytes)));
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onBroken = (): void =>
      settle(() => reject(new ProxyError("canceled", "the request body was cut off")));
    const onAbort = (): void => settle(() => reject(signal.reason));
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    timer = startTimer();
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("error", onBroken);
    request.on("close", onBroken);
  });
}

function stalled(): ProxyError {
  return new ProxyError("canceled", "the client stopped sending the request body");
}

function tooLarge(maxBytes: number): ProxyError {
  return new ProxyError("too_large", `the body is larger than ${maxBytes} bytes`);
}

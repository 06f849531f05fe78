/**
 * Reading a bounded JSON body.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import { createByteBuffer } from "./byte-buffer.ts";
import { type HttpRequest, headerOf } from "./exchange.ts";

/**
 * Refuses what is not plain JSON before a byte of it is read.
 *
 * @throws `unsupported_media_type` for another content type, or for a compressed body
 */
export function checkJsonContent(request: HttpRequest): void {
  const type = headerOf(request.headers, "content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new ProxyError("unsupported_media_type", "content-type: expected application/json", {
      field: "content-type",
    });
  const encoding = headerOf(request.headers, "content-encoding")?.toLowerCase();
  if (encoding !== undefined && encoding !== "identity")
    throw new ProxyError("unsupported_media_type", "content-encoding: expected an uncompressed body", {
      field: "content-encoding",
    });
}

/**
 * Reads the whole body.
 *
 * @param request - a request whose body nobody has read, or a body parser has left in `request.body`
 * @param maxBytes - the most bytes to hold; more are refused, at once where `content-length` tells
 * @param signal - ends the wait; the reason is thrown
 * @throws `too_large`, `canceled`
 */
export function readBody(request: HttpRequest, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  if (request.readableEnded) return Promise.resolve().then(() => parsedBody(request, maxBytes));
  const declared = Number(headerOf(request.headers, "content-length") ?? 0);
  if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const body = createByteBuffer();
    const settle = (finish: () => void): void => {
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("error", onBroken);
      request.off("close", onBroken);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onData = (chunk: Buffer): void => {
      body.add(chunk);
      if (body.length > maxBytes) settle(() => reject(tooLarge(maxBytes)));
    };
    const onEnd = (): void => settle(() => resolve(body.bytes()));
    const onBroken = (): void =>
      settle(() => reject(new ProxyError("canceled", "the request body was cut off")));
    const onAbort = (): void => settle(() => reject(signal.reason));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("error", onBroken);
    request.on("close", onBroken);
  });
}

/** What a body parser in front of us has read; waiting for the body itself would never end. */
function parsedBody({ body }: HttpRequest, maxBytes: number): Buffer {
  if (body === undefined)
    throw new ProxyError("internal", "internal error", {
      cause: new Error("the request's body was read before llmproxy and not left in `request.body`"),
    });
  const bytes = body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
  const buffer = Buffer.from(bytes);
  if (buffer.length > maxBytes) throw tooLarge(maxBytes);
  return buffer;
}

function tooLarge(maxBytes: number): ProxyError {
  return new ProxyError("too_large", `the body is larger than ${maxBytes} bytes`);
}

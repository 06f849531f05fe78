/**
 * What an HTTP/1.1 client is told whose bytes the parser gave up on.
 *
 * @module
 */

import { methodRefusal } from "./check-request.ts";
import { badRequest, type Refusal } from "./refusal.ts";

const malformed = badRequest("the request is not well-formed HTTP/1.1", { closes: true });

const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "invalid_request",
    message: "the request did not arrive in time",
    closes: true,
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "headers_too_large",
    message: "the request line and headers are too large",
    closes: true,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: "too_large",
    message: "the chunk extensions of the request are too large",
    closes: true,
  },
};

/**
 * Tells how to answer what Node reports as `clientError`.
 *
 * @returns `undefined` when nobody is left to answer: the connection broke
 */
export function parseRefusal(error: Error): Refusal | undefined {
  const code = "code" in error ? String(error.code) : "";
  if (code === "HPE_INVALID_METHOD" && hasRequestLine(error)) return methodRefusal;
  return refusals[code] ?? (code.startsWith("HPE_") ? malformed : undefined);
}

/** Whether a line that was refused for its method is a request line otherwise. */
function hasRequestLine(error: Error): boolean {
  if (!("rawPacket" in error && Buffer.isBuffer(error.rawPacket) && "bytesParsed" in error)) return false;
  const packet = error.rawPacket.toString("latin1");
  const start = packet.lastIndexOf("\n", Number(error.bytesParsed) - 1) + 1;
  return /^[A-Z][A-Z-]{0,31} \/\S* HTTP\/1\.[01]\r?$/m.test(packet.slice(start));
}

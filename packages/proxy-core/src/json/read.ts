/**
 * The JSON body of a request.
 *
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import { type DialectName, type JsonObject, ProxyError, type WireBody } from "@llmproxy/spec";
import { defaultJsonLimits, type JsonLimits, scanJson } from "./scan.ts";
import { isObject } from "./value.ts";

/** How a body is read. */
export interface ReadJsonBodyOptions {
  /** The dialect the body is written in. */
  readonly dialect: DialectName;
  /** What is accepted; default {@link defaultJsonLimits}. */
  readonly limits?: JsonLimits;
}

/** A body, parsed and as it came. */
export interface JsonBody {
  readonly json: JsonObject;
  /** The same bytes with the places of the top-level members; a view, not a copy. */
  readonly body: WireBody;
}

/**
 * Reads a JSON body. Members named `__proto__` are ordinary members; lone surrogates in escapes stay as they are.
 *
 * @param bytes - the whole body, its size already bounded
 * @throws `invalid_request` when it is not UTF-8, not well-formed JSON (with the position), not an object, beyond
 *   a limit, or gives a top-level member twice
 */
export function readJsonBody(bytes: Uint8Array, options: ReadJsonBodyOptions): JsonBody {
  const { members } = scanJson(bytes, options.limits ?? defaultJsonLimits);
  const json = parse(decode(bytes));
  if (!isObject(json)) throw new ProxyError("invalid_request", "malformed json: expected a json object");
  return { json, body: { dialect: options.dialect, bytes, members } };
}

/** From this size on the decoder is the faster way: it needs no copy of the text outside the heap. */
const largeBytes = 65_536;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    if (bytes.length >= largeBytes) return decoder.decode(bytes);
  } catch (cause) {
    throw notUtf8(cause);
  }
  if (!isUtf8(bytes)) throw notUtf8();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function notUtf8(cause?: unknown): ProxyError {
  return new ProxyError("invalid_request", "malformed json: expected utf-8 text", { cause });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "";
    throw new ProxyError("invalid_request", `malformed json${position(message)}`, { cause });
  }
}

/**
 * The position and kind of a syntax error. The engine's message may quote the text itself, so only what is known
 * to be harmless is taken from it.
 */
function position(message: string): string {
  const [, what, line, column] =
    /^([\w ]+?) in JSON at position \d+ \(line (\d+) column (\d+)\)$/.exec(message) ?? [];
  return what && line && column ? ` at line ${line}, column ${column}: ${what.toLowerCase()}` : "";
}

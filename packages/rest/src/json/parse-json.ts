/**
 * JSON from strangers, parsed within bounds.
 *
 * @module
 */

import { type JsonValue, ProxyError } from "@llmproxy/spec";

/** How deep arrays and objects may stand in one another. */
const maxDepth = 64;
/** How many members and elements there may be altogether: each takes many times its bytes once parsed. */
const maxValues = 200_000;

const quote = 0x22;
const backslash = 0x5c;

/** How much deeper the text is behind a byte; undefined where it says nothing about that. */
const steps = new Map(
  [...",[{]}"].map((character, index) => [character.charCodeAt(0), [0, 1, 1, -1, -1][index] ?? 0]),
);

/**
 * Parses JSON text. Of a member given twice the last counts; one named `__proto__` is a member like any other.
 *
 * @throws `invalid_request` when it is not UTF-8, not JSON, or beyond a bound
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  checkBounds(bytes);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProxyError("invalid_request", "body: expected utf-8 text", { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "";
    throw new ProxyError("invalid_request", `body: malformed json${position(message)}`, { cause });
  }
}

/** The engine's message may quote the text itself, so only the place is taken from it. */
function position(message: string): string {
  const [, line, column] = /\(line (\d+) column (\d+)\)$/.exec(message) ?? [];
  return line && column ? ` at line ${line}, column ${column}` : "";
}

/** One pass over the bytes; of text that is no JSON it need not tell more than that it is small. */
function checkBounds(bytes: Uint8Array): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfString(bytes, at + 1);
    const step = steps.get(byte);
    if (step === undefined) continue;
    depth += step;
    values += step < 0 ? 0 : 1;
    if (depth > maxDepth) throw beyond(`more than ${maxDepth} arrays and objects in one another`);
    if (values > maxValues) throw beyond(`more than ${maxValues} members and elements`);
  }
}

/** Where the closing quote stands; the end of the text when there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] === quote) return at;
    if (bytes[at] === backslash) at++;
  }
  return bytes.length;
}

function beyond(what: string): ProxyError {
  return new ProxyError("invalid_request", `body: expected no ${what}`);
}

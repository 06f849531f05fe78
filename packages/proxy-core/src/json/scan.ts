/**
 * A look over JSON text before it is parsed.
 *
 * One pass over the bytes finds where the values of the top-level members stand, so that a request can be
 * relayed with only some of them replaced, and refuses what would be costly or ambiguous: deep nesting, very
 * many values, a top-level member given twice. It checks structure, not the inside of strings and numbers:
 * `JSON.parse` comes after it (RFC 8259).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type ByteSpan, ProxyError } from "@llmproxy/spec";

/** What is accepted. */
export interface JsonLimits {
  /** How deep objects and arrays may stand in one another. */
  readonly maxDepth: number;
  /** The most members of one object. */
  readonly maxMembers: number;
  /** The most members of all objects and elements of all arrays together. */
  readonly maxTotalValues: number;
}

/**
 * Defaults. The total leaves room for the longest conversations, ten thousand messages of twenty values each, and for
 * arrays of as many numbers as a model reads tokens.
 */
export const defaultJsonLimits: JsonLimits = { maxDepth: 64, maxMembers: 10_000, maxTotalValues: 200_000 };

/** What a scan found. */
export interface JsonScan {
  /** Where the values of the top-level members stand, by member name. */
  readonly members: ReadonlyMap<string, ByteSpan>;
  /** How deep objects and arrays stand in one another; 1 for a flat object. */
  readonly depth: number;
  /** How many members all objects and elements all arrays have together. */
  readonly totalValues: number;
}

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** How much of a string is looked at byte by byte before the rest is searched: a search costs about as much. */
const shortStringBytes = 64;

const literals = ["true", "false", "null"].map((word) => Buffer.from(word));

interface Scanner {
  readonly bytes: Buffer;
  readonly limits: JsonLimits;
  at: number;
  depth: number;
  totalValues: number;
}

/**
 * Scans the JSON text of an object.
 *
 * @param bytes - UTF-8 without a byte order mark
 * @throws `invalid_request` when the text is not an object, is malformed, passes a limit or gives a top-level
 *   member twice; `field` names that member
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): JsonScan {
  const members = new Map<string, ByteSpan>();
  const counts = scanMembers(bytes, limits, (name, span) => {
    if (members.has(name)) throw givenTwice(name);
    members.set(name, span);
  });
  return { members, ...counts };
}

/**
 * Scans the JSON text of an object whose members may be given twice.
 *
 * @param onMember - told of each top-level member as it is found
 * @throws `invalid_request` as {@link scanJson} does
 */
export function scanMembers(
  bytes: Uint8Array,
  limits: JsonLimits,
  onMember: (name: string, span: ByteSpan) => void,
): Pick<JsonScan, "depth" | "totalValues"> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scanner: Scanner = { bytes: buffer, limits, at: 0, depth: 0, totalValues: 0 };
  skipSpace(scanner);
  if (buffer[scanner.at] !== openBrace) throw malformed(scanner, "a json object");
  scanObject(scanner, 1, onMember);
  skipSpace(scanner);
  if (scanner.at < buffer.length) throw malformed(scanner, "the end of the text");
  return { depth: scanner.depth, totalValues: scanner.totalValues };
}

function scanValue(scanner: Scanner, depth: number): void {
  const byte = scanner.bytes[scanner.at];
  if (byte === quote) skipString(scanner);
  else if (byte === openBrace) scanObject(scanner, depth + 1);
  else if (byte === openBracket) scanArray(scanner, depth + 1);
  else skipScalar(scanner);
}

function scanObject(
  scanner: Scanner,
  depth: number,
  onMember?: (name: string, span: ByteSpan) => void,
): void {
  enter(scanner, depth);
  if (scanner.bytes[scanner.at] === closeBrace) {
    scanner.at += 1;
    return;
  }
  for (let count = 1; ; count += 1) {
    countMember(scanner, count);
    const nameStart = scanner.at;
    if (scanner.bytes[nameStart] !== quote) throw malformed(scanner, "a member name in double quotes");
    skipString(scanner);
    const nameEnd = scanner.at;
    skipSpace(scanner);
    if (scanner.bytes[scanner.at] !== colon) throw malformed(scanner, '":"');
    scanner.at += 1;
    skipSpace(scanner);
    const start = scanner.at;
    scanValue(scanner, depth);
    onMember?.(readName(scanner, nameStart, nameEnd), { start, end: scanner.at });
    if (!skipComma(scanner, closeBrace, '"," or "}"')) return;
  }
}

function scanArray(scanner: Scanner, depth: number): void {
  enter(scanner, depth);
  if (scanner.bytes[scanner.at] === closeBracket) {
    scanner.at += 1;
    return;
  }
  do {
    countValue(scanner);
    scanValue(scanner, depth);
  } while (skipComma(scanner, closeBracket, '"," or "]"'));
}

function enter(scanner: Scanner, depth: number): void {
  const { maxDepth } = scanner.limits;
  if (depth > maxDepth)
    throw new ProxyError("invalid_request", `expected at most ${maxDepth} levels of json${where(scanner)}`);
  if (depth > scanner.depth) scanner.depth = depth;
  scanner.at += 1;
  skipSpace(scanner);
}

function countMember(scanner: Scanner, count: number): void {
  const { maxMembers } = scanner.limits;
  if (count > maxMembers)
    throw new ProxyError(
      "invalid_request",
      `expected at most ${maxMembers} members in one json object${where(scanner)}`,
    );
  countValue(scanner);
}

function countValue(scanner: Scanner): void {
  scanner.totalValues += 1;
  const { maxTotalValues: most } = scanner.limits;
  if (scanner.totalValues > most)
    throw new ProxyError("invalid_request", `expected at most ${most} json members and elements in all`);
}

/** Whether another element follows. */
function skipComma(scanner: Scanner, close: number, expected: string): boolean {
  skipSpace(scanner);
  const byte = scanner.bytes[scanner.at];
  if (byte !== comma && byte !== close) throw malformed(scanner, expected);
  scanner.at += 1;
  if (byte === close) return false;
  skipSpace(scanner);
  return true;
}

function skipSpace(scanner: Scanner): void {
  const { bytes } = scanner;
  let { at } = scanner;
  while (bytes[at] === space || bytes[at] === lineFeed || bytes[at] === carriageReturn || bytes[at] === tab)
    at += 1;
  scanner.at = at;
}

/**
 * Long strings (images are megabytes of base64) are searched for the next quote natively. A text full of escaped
 * quotes does not make that slow, as after each escape the next bytes are looked at one by one again.
 */
function skipString(scanner: Scanner): void {
  const { bytes } = scanner;
  let at = scanner.at + 1;
  let near = at + shortStringBytes;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) {
      scanner.at = at + 1;
      return;
    }
    if (byte === backslash) {
      at += 2;
      near = at + shortStringBytes;
    } else if (at < near) at += 1;
    else at = nextSpecial(bytes, at);
  }
  scanner.at = bytes.length;
  throw malformed(scanner, "the end of a string");
}

/** Where the next quote is, or the first backslash of those right before it; the end if there is none. */
function nextSpecial(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(quote, from);
  if (at === -1) return bytes.length;
  while (at > from && bytes[at - 1] === backslash) at -= 1;
  return at;
}

function skipScalar(scanner: Scanner): void {
  const { bytes, at } = scanner;
  const end = numberEnd(bytes, at);
  if (end > at) {
    scanner.at = end;
    return;
  }
  for (const literal of literals) {
    if (!startsWith(bytes, at, literal)) continue;
    scanner.at += literal.length;
    return;
  }
  throw malformed(scanner, "a json value");
}

function startsWith(bytes: Buffer, at: number, word: Uint8Array): boolean {
  return word.every((byte, index) => bytes[at + index] === byte);
}

/** Where the run of characters a number may consist of ends. */
function numberEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && isNumberByte(bytes[at] ?? 0)) at += 1;
  return at;
}

/** `+`, `-`, `.`, digits, `E`, `e`. */
function isNumberByte(byte: number): boolean {
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte === 0x2b || byte === 0x2d || byte === 0x2e || byte === 0x45 || byte === 0x65;
}

/** Two spellings of one name are one name: `"mod\u0065l"` is `"model"`. */
function readName(scanner: Scanner, start: number, end: number): string {
  const text = scanner.bytes.toString("utf8", start, end);
  if (!text.includes("\\")) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    scanner.at = start;
    throw malformed(scanner, "a member name");
  }
}

/** How much of a member's name is repeated to the caller: it may be as long as the body. */
const maxShownCharacters = 128;

function givenTwice(name: string): ProxyError {
  const isLong = name.length > maxShownCharacters;
  // No half of a surrogate pair is left at the end.
  const field = isLong ? `${name.slice(0, maxShownCharacters).replace(/[\uD800-\uDBFF]$/, "")}…` : name;
  return new ProxyError("invalid_request", `${field}: expected to be given once`, { field });
}

function malformed(scanner: Scanner, expected: string): ProxyError {
  return new ProxyError("invalid_request", `malformed json${where(scanner)}: expected ${expected}`);
}

/** The position, for the caller; columns count bytes from 1. */
function where({ bytes, at }: Scanner): string {
  let line = 1;
  let lineStart = 0;
  for (
    let next = bytes.indexOf(lineFeed);
    next !== -1 && next < at;
    next = bytes.indexOf(lineFeed, next + 1)
  ) {
    line += 1;
    lineStart = next + 1;
  }
  return ` at line ${line}, column ${at - lineStart + 1}`;
}

/**
 * Errors, as vendors of this dialect write them and as we write them for its clients.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { errorTable, type JsonObject, type JsonValue, ProxyError, type VendorError } from "@llmproxy/spec";
import { defined, isArray, isObject, objectOf, textOf } from "../../json/value.ts";
import { createScrubber } from "../../relay/scrub.ts";
import { dataFrame } from "../../sse/events.ts";

const maxTextLength = 1_000;
/** How far back a cut looks for the end of a word, so that a secret is not cut in half and then missed. */
const maxWordLength = 400;
/** What of an error answer is looked at. */
const maxErrorBytes = 65_536;

const scrub = createScrubber([]);

/**
 * Reads a vendor's error answer. Never throws.
 *
 * Texts are cut to 1 KB and what looks like a credential is taken out. The message of a 401 or 403 is neutral:
 * it is about our credentials, not the caller's.
 *
 * @param status - the HTTP status; one that is not an error counts as 502
 * @param body - the answer, whatever it is
 */
export function readError(status: number, body: Uint8Array): ProxyError {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, maxErrorBytes)).toString();
  const json = parse(text);
  return vendorFailure(readStatus(status), json === undefined ? textMessage(text) : json);
}

/**
 * Reads the error a vendor reports in the middle of a stream, or in an answer whose status says success.
 *
 * @param value - the value of `error`, or the whole payload of an `error` event
 */
export function readErrorValue(value: JsonValue): ProxyError {
  const error = objectOf(value);
  const named = [error?.type, error?.code].map((name) => statuses.get(String(name)));
  const status = [error?.status, error?.code].find(isErrorStatus) ?? named.find(isErrorStatus);
  return vendorFailure(readStatus(status), error ? { error } : value);
}

/** What the names of errors in the middle of a stream mean; there is no HTTP status any more. */
const statuses: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["context_length_exceeded", 400],
  ["authentication_error", 401],
  ["invalid_api_key", 401],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["rate_limit_error", 429],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
  ["server_error", 500],
  ["overloaded_error", 503],
]);

function isErrorStatus(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 400 && value <= 599;
}

function readStatus(status: number | undefined): number {
  return isErrorStatus(status) ? status : 502;
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the text itself is the message.
    return undefined;
  }
}

/** A page for browsers says nothing to a client of an API. */
function textMessage(text: string): JsonValue {
  return /^\s*</.test(text) ? "" : text;
}

function vendorFailure(status: number, answer: JsonValue): ProxyError {
  const said = describe(answer);
  const vendor: VendorError = { status, ...said.vendor };
  if (status === 401 || status === 403)
    return new ProxyError("upstream_auth", "the provider refused the credentials it is configured with", {
      vendor,
    });
  return new ProxyError("upstream_failed", said.message ?? `the provider answered with status ${status}`, {
    vendor,
  });
}

interface Said {
  readonly message?: string;
  readonly vendor?: Omit<VendorError, "status">;
}

/**
 * `{"error":{"message",…}}` is the rule; `{"error":"…"}`, the members without `error`, `{"detail":…}` and an array
 * of one of these are in use too.
 */
function describe(answer: JsonValue): Said {
  const [first] = isArray(answer) ? answer : [answer];
  if (typeof first === "string") return defined({ message: clean(first) });
  if (!isObject(first)) return {};
  const error = isObject(first.error) ? first.error : first;
  const message = [error.message, first.error, first.message, first.detail].map(messageOf).find(Boolean);
  const { type, code, param } = error;
  return defined({
    message,
    vendor: defined({
      type: clean(textOf(type)),
      code: typeof code === "number" ? code : clean(textOf(code)),
      param: clean(textOf(param)),
    }),
  });
}

function messageOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return clean(value);
  return isArray(value) ? clean(JSON.stringify(value)) : undefined;
}

/** Control characters could write lines of their own into a log. */
const controls = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

function clean(text: string | undefined): string | undefined {
  const printable = cut((text ?? "").replace(controls, " ").trim());
  return scrub(printable.replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, "$1 [secret]")) || undefined;
}

function cut(text: string): string {
  if (text.length <= maxTextLength) return text;
  const end = text.lastIndexOf(" ", maxTextLength);
  return `${text.slice(0, end > maxTextLength - maxWordLength ? end : maxTextLength)}…`;
}

/** Writes an error in OpenAI's shape. What the vendor itself said of an error is kept where it said it. */
export function writeError(error: ProxyError): JsonObject {
  const vendor = error.code === "upstream_failed" ? error.vendor : undefined;
  return {
    error: {
      message: error.message,
      type: vendor?.type ?? errorTable[error.code].openai,
      param: vendor?.param ?? error.field ?? null,
      code: vendor?.code ?? error.code,
      // Whoever tries keys must not learn which part was wrong; the log has the reason.
      ...defined({ reason: error.code === "unauthenticated" ? undefined : error.reason }),
    },
  };
}

/** Writes an error as a frame inside a stream that has begun; nothing may follow it. */
export function writeErrorFrame(error: ProxyError): string {
  return dataFrame(writeError(error));
}

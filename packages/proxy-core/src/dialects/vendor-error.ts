/**
 * What vendors say of failures. Most write one shape, `{"error":{"type","message",…}}`, with or without something
 * around it; the dialects differ in the names they give and in what they write themselves.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type JsonValue, ProxyError, type VendorError } from "@llmproxy/spec";
import { defined, isArray, isObject, objectOf, textOf } from "../json/value.ts";
import { createScrubber } from "../relay/scrub.ts";

const maxTextLength = 1_000;
/** How far back a cut looks for the end of a word, so that a secret is not cut in half and then missed. */
const maxWordLength = 400;
/** What of an error answer is looked at. */
const maxErrorBytes = 65_536;

const scrub = createScrubber([]);

/** What the names of errors mean as HTTP statuses, where there is no status any more. */
export type ErrorStatuses = ReadonlyMap<string, number>;

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
 * @param statuses - what the dialect's names of errors mean
 */
export function readErrorValue(value: JsonValue, statuses: ErrorStatuses): ProxyError {
  const error = objectOf(value);
  const named = [error?.type, error?.code].map((name) => statuses.get(String(name)));
  const status = [error?.status, error?.code].find(isErrorStatus) ?? named.find(isErrorStatus);
  return vendorFailure(readStatus(status), error ? { error } : value);
}

/**
 * Reads the payload of an `error` event: it is the error itself or has it as `error`, and need not be JSON.
 *
 * @param statuses - what the dialect's names of errors mean
 */
export function readErrorEvent(data: string, statuses: ErrorStatuses): ProxyError {
  const json = parse(data);
  return readErrorValue((isObject(json) && json.error) || (json ?? data), statuses);
}

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
  const { type, param } = error;
  const code = error.code ?? objectOf(error.details)?.error_code;
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

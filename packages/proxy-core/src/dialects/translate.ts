/**
 * From a request in one dialect to the JSON of another.
 *
 * @module
 */

import { type ChatRequest, type DialectName, type JsonObject, ProxyError } from "@llmproxy/spec";
import { cannotSay } from "./cannot-say.ts";
import type { Dialect, WriteRequestOptions } from "./dialect.ts";
import { type Dialects, dialects } from "./dialects.ts";

/** What a translation needs to know. */
export interface TranslateOptions extends WriteRequestOptions {
  /** The dialect the client wrote, whose paths errors name; the shared vocabulary's when absent. */
  readonly from?: DialectName | undefined;
  /** What to write; default {@link Dialect.writeRequest} of `to`. */
  readonly write?: ((request: ChatRequest) => JsonObject) | undefined;
  /** All dialects; default {@link dialects}. */
  readonly all?: Dialects | undefined;
}

/** The reason of a refusal to translate: another target may speak a dialect that has the words. */
export const untranslatable = "untranslatable";

/**
 * Writes a request in a dialect, or refuses what would be lost on the way and change the answer.
 *
 * @throws `invalid_request` (reason `untranslatable`) with the path of what the dialect has no words for in `field`,
 *   as the client wrote it
 */
export function translateRequest(
  request: ChatRequest,
  to: Dialect,
  options: TranslateOptions = {},
): JsonObject {
  const { from, all = dialects, write } = options;
  try {
    refuseLosses(request, to, all);
    return write ? write(request) : to.writeRequest(request, options);
  } catch (reason) {
    throw ProxyError.is(reason) ? refusal(reason, request, from && all[from]) : reason;
  }
}

function refuseLosses(request: ChatRequest, to: Dialect, all: Dialects): void {
  for (const dialect of Object.values(all)) {
    if (dialect.name === to.name) continue;
    const found = dialect.findUntranslatable(request);
    if (found) throw cannotSay(found.field, found.what);
  }
}

/** The failure with the path as it is in the client's JSON; messages begin with the path. */
function refusal(error: ProxyError, request: ChatRequest, client: Dialect | undefined): ProxyError {
  const { code, message, field = "" } = error;
  const place = client ? client.locate(request, field) : field;
  const told = message.startsWith(`${field}: `) ? `${place}${message.slice(field.length)}` : message;
  return new ProxyError(code, told, { field: place, reason: untranslatable, cause: error });
}

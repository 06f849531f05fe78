/**
 * What the protos say about themselves.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";
import { protoDocs } from "../gen/proto-docs.ts";

/** The comment of a descriptor by its full name; undefined when it has none. */
export function docsOf(fullName: string): string | undefined {
  return Object.hasOwn(protoDocs, fullName) ? protoDocs[fullName] : undefined;
}

/** The same as the member of a schema, an operation or a tag. */
export function descriptionOf(fullName: string): JsonObject {
  const description = docsOf(fullName);
  return description === undefined ? {} : { description };
}

/** The first sentence of a text, without its full stop. */
export function firstSentence(text: string): string {
  return /^[\s\S]*?(?=[.:](\s|$)|$)/.exec(text)?.[0].replace(/\s+/g, " ") ?? text;
}

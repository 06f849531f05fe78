/**
 * A request's own bytes with a few values replaced.
 *
 * Parsing and writing again would change large numbers and give members another order; bytes do neither.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ByteSpan, WireBody } from "@llmproxy/spec";

/** `{` */
export const openBrace = 0x7b;

/** What to put in the place of some bytes; before them where the span is empty. */
export interface Edit {
  readonly span: ByteSpan;
  readonly text: string;
}

/** What is changed in a body: values that are there, and whole members that are not. */
export interface BodyChanges {
  readonly edits: Edit[];
  /** Members to add, each as JSON text with its name. */
  readonly members: string[];
}

/** The change of the model's name; none where it is the vendor's already. */
export function modelChange(body: WireBody, model: string): BodyChanges {
  const span = body.members.get("model");
  const name = JSON.stringify(model);
  if (!span) return { edits: [], members: [`"model":${name}`] };
  return { edits: readValue(body, span) === model ? [] : [{ span, text: name }], members: [] };
}

/** The value that stands in a span. */
export function readValue({ bytes }: WireBody, { start, end }: ByteSpan): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString());
}

/** The body as slices around what is changed. */
export function changedBody(body: WireBody, { edits, members }: BodyChanges): readonly Uint8Array[] {
  return slices(body.bytes, members.length > 0 ? [...edits, insertion(body, members)] : edits);
}

/** New members go right behind the opening brace, which is the first byte that is not white space. */
function insertion({ bytes, members: present }: WireBody, members: readonly string[]): Edit {
  const at = bytes.indexOf(openBrace) + 1;
  return { span: { start: at, end: at }, text: members.join(",") + (present.size > 0 ? "," : "") };
}

function slices(bytes: Uint8Array, edits: readonly Edit[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { span, text } of edits.toSorted((left, right) => left.span.start - right.span.start)) {
    parts.push(bytes.subarray(at, span.start), Buffer.from(text));
    at = span.end;
  }
  parts.push(at === 0 ? bytes : bytes.subarray(at));
  return parts;
}

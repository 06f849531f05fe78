/**
 * Requests that go on as they came, but for the model's name and, in streams, the wish for usage.
 *
 * Parsing and writing again would change large numbers and give members another order; bytes do neither.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ByteSpan, JsonObject, WireBody } from "@llmproxy/spec";
import { isObject } from "../../json/value.ts";
import type { RelayOptions } from "../dialect.ts";

/** What to put in the place of some bytes; before them where the span is empty. */
interface Edit {
  readonly span: ByteSpan;
  readonly text: string;
}

/** The original body as slices around what is replaced. */
export function relayRequest(body: WireBody, { model, askForUsage }: RelayOptions): readonly Uint8Array[] {
  const edits: Edit[] = [];
  const members: string[] = [];
  const span = body.members.get("model");
  const name = JSON.stringify(model);
  if (!span) members.push(`"model":${name}`);
  else if (readValue(body, span) !== model) edits.push({ span, text: name });
  if (askForUsage && isStream(body)) askUsage(body, edits, members);
  if (members.length > 0) edits.push(insertion(body, members));
  return slices(body.bytes, edits);
}

/** A request for no stream must not have `stream_options`. */
function isStream(body: WireBody): boolean {
  const span = body.members.get("stream");
  return span !== undefined && readValue(body, span) === true;
}

function askUsage(body: WireBody, edits: Edit[], members: string[]): void {
  const span = body.members.get("stream_options");
  if (!span) {
    members.push('"stream_options":{"include_usage":true}');
    return;
  }
  const value = readValue(body, span);
  const options: JsonObject = isObject(value) ? value : {};
  if (options.include_usage === true) return;
  edits.push({ span, text: JSON.stringify({ ...options, include_usage: true }) });
}

function readValue({ bytes }: WireBody, { start, end }: ByteSpan): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString());
}

const openBrace = 0x7b;

/** New members go right behind the opening brace, which is the first byte that is not white space. */
function insertion({ bytes, members: present }: WireBody, members: readonly string[]): Edit {
  const at = bytes.indexOf(openBrace) + 1;
  return { span: { start: at, end: at }, text: members.join(",") + (present.size > 0 ? "," : "") };
}

function slices(bytes: Uint8Array, edits: Edit[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { span, text } of edits.sort((left, right) => left.span.start - right.span.start)) {
    parts.push(bytes.subarray(at, span.start), Buffer.from(text));
    at = span.end;
  }
  parts.push(at === 0 ? bytes : bytes.subarray(at));
  return parts;
}

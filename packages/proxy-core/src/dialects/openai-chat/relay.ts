/**
 * Requests that go on as they came, but for the model's name and, in streams, the wish for usage.
 *
 * Parsing and writing again would change large numbers and give members another order; bytes do neither.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ByteSpan, WireBody } from "@llmproxy/spec";
import { defaultJsonLimits, scanMembers } from "../../json/scan.ts";
import type { RelayOptions } from "../dialect.ts";

const openBrace = 0x7b;
/** `t`: of all values only `true` begins with it. */
const firstOfTrue = 0x74;

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
  const bytes = body.bytes.subarray(span.start, span.end);
  if (bytes[0] === openBrace) edits.push(...usageEdits(bytes, span.start));
  else edits.push({ span, text: '{"include_usage":true}' });
}

/**
 * Changes nothing of the client's options but the answer to one question, wherever it is given: which of two
 * answers counts is for each vendor to say.
 *
 * @param start - where the options begin in the body
 */
function usageEdits(bytes: Uint8Array, start: number): readonly Edit[] {
  const edits: Edit[] = [];
  let isEmpty = true;
  let isGiven = false;
  scanMembers(bytes, defaultJsonLimits, (name, span) => {
    isEmpty = false;
    if (name !== "include_usage") return;
    isGiven = true;
    if (bytes[span.start] !== firstOfTrue)
      edits.push({ span: { start: start + span.start, end: start + span.end }, text: "true" });
  });
  if (isGiven) return edits;
  const at = start + 1;
  return [{ span: { start: at, end: at }, text: `"include_usage":true${isEmpty ? "" : ","}` }];
}

function readValue({ bytes }: WireBody, { start, end }: ByteSpan): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString());
}

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

/**
 * Requests that go on as they came, but for the model's name and, in streams, the wish for usage.
 *
 * @module
 */

import type { WireBody } from "@llmproxy/spec";
import { defaultJsonLimits, scanMembers } from "../../json/scan.ts";
import type { RelayOptions } from "../dialect.ts";
import {
  type BodyChanges,
  changedBody,
  type Edit,
  modelChange,
  openBrace,
  readValue,
} from "../relay-body.ts";

/** `t`: of all values only `true` begins with it. */
const firstOfTrue = 0x74;

/** The original body as slices around what is replaced. */
export function relayRequest(body: WireBody, { model, askForUsage }: RelayOptions): readonly Uint8Array[] {
  const changes = modelChange(body, model);
  if (askForUsage && isStream(body)) askUsage(body, changes);
  return changedBody(body, changes);
}

/** A request for no stream must not have `stream_options`. */
function isStream(body: WireBody): boolean {
  const span = body.members.get("stream");
  return span !== undefined && readValue(body, span) === true;
}

function askUsage(body: WireBody, { edits, members }: BodyChanges): void {
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

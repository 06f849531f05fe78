/**
 * What parts of this dialect carry beside the shared vocabulary, so that they can be written back unchanged.
 *
 * A start part has {@link StartExtra}; of the others the first part of a chunk carries what is left of it. An
 * answer is written back exactly in the form it was read in; in the other form, or for parts of another
 * dialect, it is written as OpenAI itself would.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";

/** The two forms of an answer. */
export type Form = "stream" | "unary";

/** Of a start part. */
export type StartExtra = {
  /** The form the answer was read in. */
  readonly form: Form;
  /** What is left of the top-level members of the first chunk, which most chunks repeat. */
  readonly envelope: JsonObject;
};

/** Of any other part. */
export type PartExtra = {
  /** In the first part of a chunk: how many parts the chunk became. */
  readonly parts?: number;
  /** In the same: top-level members that differ from those of the start. */
  readonly chunk?: JsonObject;
  /** In the same: members of the start the chunk does not have. */
  readonly without?: readonly string[];
  /** In the first part of a choice in a chunk: what is left of the choice. */
  readonly choice?: JsonObject;
  /** In the same: what is left of its `delta` or `message`. */
  readonly message?: JsonObject;
  /** In the first part of a tool call or a fragment of one: what is left of it. In an opaque part: all of it. */
  readonly call?: JsonValue;
  /** In an opaque part of a unary answer: the place of the call among the others. */
  readonly at?: number;
  /** In a start of a tool call: the vendor gave it no id. */
  readonly isAnonymous?: boolean;
  /** In text, reasoning and opaque parts: the element of a `content` array they were. */
  readonly item?: JsonValue;
  /** In reasoning: the member it was in, unless that is `reasoning_content`. */
  readonly member?: string;
  /** In a finish: the vendor's word, where the vocabulary has no own one for it. */
  readonly finish_reason?: string;
  /** In usage: the vendor's own form. */
  readonly usage?: JsonObject;
  /** In finish and usage: inferred at the end, not said by the vendor in this place. */
  readonly isInferred?: boolean;
};

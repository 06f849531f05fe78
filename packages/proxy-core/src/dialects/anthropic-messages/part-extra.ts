/**
 * What parts of this dialect carry beside the shared vocabulary, so that they can be written back unchanged.
 *
 * A start part has {@link StartExtra}. Of the others only those have a {@link PartExtra} that say more than their
 * vocabulary: where a block begins, and what the vocabulary has no words for. The deltas in between are plain.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";

/** The two forms of an answer. */
export type Form = "stream" | "unary";

/** Of a start part. */
export type StartExtra = {
  /** The form the answer was read in. */
  readonly form: Form;
  /** What is left of the message; of a stream with the usage known at its begin. */
  readonly message: JsonObject;
  /** Of a stream: what is left of the `message_start` event. */
  readonly event?: JsonObject;
};

/** Of any other part. An opaque part has one of `start`, `delta`, `isStop` and `other`. */
export type PartExtra = {
  /** A block begins with this part: what is left of it; all of it in an opaque part. */
  readonly start?: JsonObject;
  /** In text, reasoning and arguments: they stood in the event that began the block. */
  readonly isInStart?: boolean;
  /** What is left of a delta; all of it in an opaque part. In a finish: what is left of the message's own. */
  readonly delta?: JsonObject;
  /** In an opaque part: the block ends. */
  readonly isStop?: boolean;
  /** In an opaque part: an event that is about no block, whole. */
  readonly other?: JsonObject;
  /** What is left of the event. */
  readonly event?: JsonObject;
  /** In a finish: the vendor's word, where the vocabulary has no own one for it. */
  readonly stop_reason?: string;
  /** In usage: the vendor's own form. */
  readonly usage?: JsonObject;
};

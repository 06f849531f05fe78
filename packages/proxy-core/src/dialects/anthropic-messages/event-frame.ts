/**
 * The wire form of one event: its name, which clients go by, is the payload's `type`.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";

/** An event whose name is its type. */
export interface TypedEvent extends JsonObject {
  /** A word without line ends. */
  readonly type: string;
}

/** Writes one event. */
export function eventFrame(event: TypedEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Writes a `content_block_delta` event. */
export function deltaFrame(index: number, delta: JsonObject): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${JSON.stringify(delta)}}\n\n`;
}

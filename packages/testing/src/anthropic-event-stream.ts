/**
 * The SSE envelope of Anthropic's message streams: each event has its type in front. There is no end mark; the
 * last event is `message_stop`.
 *
 * @module
 */

/**
 * Wraps one payload as an event named by the payload's `type`.
 *
 * @param chunk - JSON text on one line
 */
export function anthropicEvent(chunk: string): string {
  const { type } = JSON.parse(chunk) as { readonly type: string };
  return `event: ${type}\ndata: ${chunk}\n\n`;
}

/**
 * Rebuilds the bytes of a complete stream from its payloads.
 *
 * @param chunks - JSON texts, each on one line, as in a {@link StreamRecording}
 */
export function anthropicEventStream(chunks: readonly string[]): Buffer {
  return Buffer.from(chunks.map(anthropicEvent).join(""));
}

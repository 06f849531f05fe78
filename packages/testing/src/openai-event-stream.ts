/**
 * The SSE envelope of OpenAI's chat streams.
 *
 * @module
 */

/** The event that ends a complete stream. */
export const openaiDone = "data: [DONE]\n\n";

/**
 * Wraps one payload as an event.
 *
 * @param chunk - JSON text on one line
 */
export function openaiEvent(chunk: string): string {
  return `data: ${chunk}\n\n`;
}

/**
 * Rebuilds the bytes of a complete stream from its payloads: an event each, then `data: [DONE]`.
 *
 * @param chunks - JSON texts, each on one line, as in a {@link StreamRecording}
 */
export function openaiEventStream(chunks: readonly string[]): Buffer {
  return Buffer.from(chunks.map(openaiEvent).join("") + openaiDone);
}

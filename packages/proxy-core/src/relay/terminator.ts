/**
 * Finding the frame that ends a complete stream, such as OpenAI's `data: [DONE]`.
 *
 * @module
 */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const field = Buffer.from("data:");

/**
 * What to look for.
 *
 * @param end - what the dialect writes at the end of a complete stream: one SSE frame with one `data` line
 * @returns the value of that line; empty when the dialect ends its streams without such a frame
 */
export function terminatorValue(end: string): Buffer {
  return Buffer.from(end.replace(/^data:/, "").trim());
}

/**
 * Where the terminator begins, looked for from the back: it costs a few bytes' comparison per chunk.
 *
 * @param frames - one or more whole frames
 * @param value - of {@link terminatorValue}
 * @returns the offset of its line, or −1 when the last frame is not the terminator
 */
export function terminatorStart(frames: Uint8Array, value: Buffer): number {
  if (value.length === 0) return -1;
  let end = frames.length;
  while (end > 0 && isLineEnd(frames[end - 1])) end -= 1;
  const valueStart = end - value.length;
  if (!hasAt(frames, valueStart, value)) return -1;
  const start = valueStart - field.length - (frames[valueStart - 1] === space ? 1 : 0);
  if (!hasAt(frames, start, field)) return -1;
  return start === 0 || isLineEnd(frames[start - 1]) ? start : -1;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === lineFeed || byte === carriageReturn;
}

function hasAt(bytes: Uint8Array, start: number, wanted: Buffer): boolean {
  return start >= 0 && wanted.every((byte, index) => bytes[start + index] === byte);
}

/**
 * A log event as one line of JSON that is safe to print anywhere.
 *
 * @module
 */

// JSON escapes the controls below U+0020 (so CR, LF and ESC); these are left: DEL and the C1 controls, among
// them a one-byte CSI, the line separators, and the marks that turn the direction of text.
const unsafe = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const maxMessageLength = 1_024;

/** Escapes what a terminal or a viewer of logs would obey rather than show. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Bounds a line of JSON. A longer one keeps its time, its level and the beginning of its message; `cut` has
 * its length in bytes and `fields` the beginning of its fields as text.
 *
 * @param line - a JSON object on one line, with or without the line feed at its end
 * @param maxBytes - at least 4,096
 * @returns the line, at most `maxBytes` long in UTF-8, with a line feed
 */
export function boundLine(line: string, maxBytes: number): string {
  const whole = line.endsWith("\n") ? line : `${line}\n`;
  // No UTF-16 unit takes more than three bytes.
  if (whole.length * 3 <= maxBytes) return whole;
  const bytes = Buffer.byteLength(whole);
  if (bytes <= maxBytes) return whole;
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = JSON.stringify(rest);
  const head = { time, level, msg: String(msg).slice(0, maxMessageLength), cut: bytes };
  for (let length = maxBytes; length >= 1; length = Math.floor(length * 0.7)) {
    const shorter = `${escapeControls(JSON.stringify({ ...head, fields: fields.slice(0, length) }))}\n`;
    if (Buffer.byteLength(shorter) <= maxBytes) return shorter;
  }
  return `${JSON.stringify({ time, level, cut: bytes })}\n`;
}

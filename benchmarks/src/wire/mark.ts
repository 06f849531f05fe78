/**
 * Times inside the text of an answer.
 *
 * The upstream writes into each piece of text when it sent it and how long it had held the request before; the load
 * generator reads it back. It survives whatever a proxy does with headers, ids and framing, also a translation into
 * another wire format, and leaves the upstream's own delays out of what is measured.
 *
 * @module
 */

const at = 0x40;
const sentDigits = 16;
const heldDigits = 10;

/** Characters of a mark: every mark has as many, so that the length of an answer is known beforehand. */
export const markLength = sentDigits + heldDigits + 3;

/**
 * Writes a mark.
 *
 * @param sentUs - when, by `monotonicUs`
 * @param heldUs - how long the request had been held by then
 */
export function writeMark(sentUs: number, heldUs: number): string {
  return `@${String(sentUs).padStart(sentDigits, "0")},${String(heldUs).padStart(heldDigits, "0")}@`;
}

/** Told each mark. */
export type OnMark = (sentUs: number, heldUs: number) => void;

/** Finds the marks in the bytes of one answer, in whatever pieces they come. */
export class MarkReader {
  #held: Buffer | undefined;

  /** Reads on. */
  read(piece: Buffer, onMark: OnMark): void {
    const bytes = this.#held ? Buffer.concat([this.#held, piece]) : piece;
    this.#held = undefined;
    for (let start = bytes.indexOf(at); start !== -1; start = bytes.indexOf(at, start + markLength)) {
      if (start + markLength > bytes.length) {
        this.#held = bytes.subarray(start);
        return;
      }
      const comma = start + 1 + sentDigits;
      onMark(
        Number(bytes.toString("latin1", start + 1, comma)),
        Number(bytes.toString("latin1", comma + 1, comma + 1 + heldDigits)),
      );
    }
  }

  /** Forgets what was left over. */
  reset(): void {
    this.#held = undefined;
  }
}

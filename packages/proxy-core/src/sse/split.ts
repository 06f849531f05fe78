/**
 * Finds frame boundaries in a stream of server-sent events, so that only whole frames are passed on.
 *
 * Official clients parse strictly: an error or a keep-alive comment written into the middle of a frame breaks
 * them. Bytes are not decoded and, where a chunk ends with a frame, not copied.
 *
 * @see WHATWG HTML §9.2.5 (a line ends with CRLF, LF or CR; a blank line ends a frame)
 * @module
 */

import { Buffer } from "node:buffer";
import { ProxyError } from "@llmproxy/spec";

/** Cuts chunks at frame boundaries; holds at most one incomplete frame. */
export interface FrameSplitter {
  /**
   * @param chunk - the next bytes, cut anywhere; the returned array may share their memory
   * @returns one or more whole frames, or undefined when none is complete yet
   * @throws `upstream_failed` when an incomplete frame grows over the limit
   */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** How many bytes of an incomplete frame are held. At the end of the stream more than 0 means that it was cut. */
  remaining(): number;
}

/** How frames are split. */
export interface FrameSplitterOptions {
  /** The most bytes of an incomplete frame to hold; default 8 MiB. */
  readonly maxFrameBytes?: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const mebibyte = 1_048_576;
/** What is kept for the next frame even if it is not needed now. */
const smallBytes = 4_096;

/** Makes a splitter for one stream. */
export function createFrameSplitter({
  maxFrameBytes = 8 * mebibyte,
}: FrameSplitterOptions = {}): FrameSplitter {
  let held = Buffer.alloc(0);
  let heldBytes = 0;
  // The two bytes before the next chunk. A stream begins as if after a blank line.
  let beforeLast = lineFeed;
  let last = lineFeed;

  const hold = (bytes: Uint8Array): void => {
    const size = heldBytes + bytes.length;
    if (size > maxFrameBytes)
      throw new ProxyError(
        "upstream_failed",
        `the provider sent a frame of more than ${maxFrameBytes} bytes`,
      );
    if (size > held.length) {
      const grown = Buffer.allocUnsafe(Math.max(size, Math.min(2 * held.length, maxFrameBytes)));
      held.copy(grown, 0, 0, heldBytes);
      held = grown;
    }
    held.set(bytes, heldBytes);
    heldBytes = size;
  };

  const release = (end: Uint8Array): Uint8Array => {
    if (heldBytes === 0) return end;
    const frames = Buffer.concat([held.subarray(0, heldBytes), end]);
    heldBytes = 0;
    if (held.length > smallBytes) held = Buffer.alloc(0);
    return frames;
  };

  return {
    push(chunk) {
      const end = lastBoundary(chunk, last, beforeLast);
      beforeLast = chunk.at(-2) ?? (chunk.length === 1 ? last : beforeLast);
      last = chunk.at(-1) ?? last;
      if (end === 0) {
        hold(chunk);
        return undefined;
      }
      if (end === chunk.length) return release(chunk);
      const frames = release(chunk.subarray(0, end));
      hold(chunk.subarray(end));
      return frames;
    },
    remaining: () => heldBytes,
  };
}

/**
 * Where the last blank line ends, looked for from the back; 0 if there is none.
 *
 * A CR is taken for a whole line end as soon as it is there: should its LF come in the next chunk, that LF is a
 * further blank line, which means nothing.
 */
function lastBoundary(chunk: Uint8Array, last: number, beforeLast: number): number {
  for (let at = chunk.length - 1; at >= 0; at -= 1)
    if (isLineEnd(chunk[at]) && endsBlankLine(chunk, at, last, beforeLast)) return at + 1;
  return 0;
}

/** Whether the line end at `at` follows another. CRLF is one line end, so there the byte before it decides. */
function endsBlankLine(chunk: Uint8Array, at: number, last: number, beforeLast: number): boolean {
  const before = at > 0 ? chunk[at - 1] : last;
  if (before !== carriageReturn) return before === lineFeed;
  if (chunk[at] === carriageReturn) return true;
  const further = at > 1 ? chunk[at - 2] : at === 1 ? last : beforeLast;
  return isLineEnd(further);
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === lineFeed || byte === carriageReturn;
}

/**
 * Finding the frame in which something stands.
 *
 * @module
 */

import type { ByteSpan } from "@llmproxy/spec";

/** Finds frames of one text, from its begin to its end: each part of the text is looked at once. */
export interface FrameFinder {
  /**
   * The frame in which `index` lies, with the blank line that ends it.
   *
   * @param index - not before the frame that was found last
   */
  around(index: number): ByteSpan;
}

/** Makes a finder for one or more whole frames; in a text of bytes offsets are those of the bytes. */
export function createFrameFinder(text: string): FrameFinder {
  const nextEnd = text.includes("\r") ? anyLineEnds(text) : lineFeeds(text);
  let frame: ByteSpan = { start: 0, end: nextEnd(0) };
  return {
    around(index) {
      while (frame.end <= index && frame.end < text.length)
        frame = { start: frame.end, end: nextEnd(frame.end) };
      return frame;
    },
  };
}

type NextEnd = (start: number) => number;

function lineFeeds(text: string): NextEnd {
  return (start) => {
    const end = text.indexOf("\n\n", start);
    return end === -1 ? text.length : end + 2;
  };
}

function anyLineEnds(text: string): NextEnd {
  const blankLine = /(?:\r\n|\n|\r(?!\n)){2,}/g;
  return (start) => {
    blankLine.lastIndex = start;
    return blankLine.test(text) ? blankLine.lastIndex : text.length;
  };
}

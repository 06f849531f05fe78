/**
 * What of an upstream's headers a client gets to see.
 *
 * An allow list: cookies, CORS, hop-by-hop headers and whatever else an upstream may think of stay here.
 *
 * @module
 */

import type { UpstreamHeaders } from "../http/upstream-headers.ts";

/** The upstream's name of a header and ours. Its request id gets another name, as `x-request-id` is our own. */
const passed: readonly (readonly [upstream: string, ours: string])[] = [
  ["content-type", "content-type"],
  ["openai-processing-ms", "openai-processing-ms"],
  ["x-request-id", "x-upstream-request-id"],
  // Anthropic's name of it.
  ["request-id", "x-upstream-request-id"],
];

const maxValueLength = 256;

/** The headers that may be passed on; values longer than 256 characters are left out. */
export function passedHeaders(headers: UpstreamHeaders): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [upstream, ours] of passed) {
    const value = headers[upstream];
    if (typeof value === "string" && value.length <= maxValueLength) result[ours] = value;
  }
  return result;
}

/**
 * Makes sure that everybody finds the end of a request at the same place (RFC 9112 §6.1, §6.3).
 *
 * Node begins to serve a request before it notices that its transfer encoding makes no sense.
 *
 * @module
 */

import { badRequest, type Refusal } from "./refusal.ts";

const oldVersion = badRequest("an HTTP/1.0 request must not have a transfer-encoding", { closes: true });
const twoLengths = badRequest("a request must not have both content-length and transfer-encoding", {
  closes: true,
});
const noEnd = badRequest("the transfer-encoding of a request must be chunked, once and last", {
  closes: true,
});
const unknownCoding: Refusal = {
  status: 501,
  code: "invalid_request",
  message: "the only transfer-encoding that is supported is chunked",
  closes: true,
};

/**
 * Checks the transfer encoding of an HTTP/1.1 request; HTTP/2 has none, and its parser sees to that.
 *
 * @param head - the HTTP version
 * @param fields - headers that came once, by lower-case name
 * @returns why the request is refused, or `undefined`
 */
export function checkTransferEncoding(
  head: { readonly version: string },
  fields: ReadonlyMap<string, string>,
): Refusal | undefined {
  const value = fields.get("transfer-encoding");
  if (value === undefined) return undefined;
  if (head.version === "1.0") return oldVersion;
  if (fields.has("content-length")) return twoLengths;
  const codings = value.toLowerCase().split(",").map(trimBlanks);
  if (codings.indexOf("chunked") !== codings.length - 1) return noEnd;
  return codings.length === 1 ? undefined : unknownCoding;
}

/**
 * Takes off spaces and tabs only: what has any other white space around it is no coding (RFC 9110 §5.6.3).
 * By hand, as a pattern for trailing blanks takes quadratic time.
 */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isBlank(text: string, index: number): boolean {
  return text[index] === " " || text[index] === "\t";
}

/**
 * An HTTP/1.1 answer that gets its security headers when its head is written.
 *
 * A head that is written in one piece, as a flat list, costs a third of one that is put together header by header,
 * but only on an answer that has no header yet. So they are added to the piece, and not set before.
 *
 * @module
 */

import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import { securityHeaders } from "./security-headers.ts";

/** As `writeHead` takes them; a list has names and values in turn. */
type Head = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** An answer whose security headers are those of the handler or, where it names none, the listener's. */
export class SecuredResponse extends ServerResponse {
  override writeHead(status: number, message?: string, headers?: Head): this;
  override writeHead(status: number, headers?: Head): this;
  // Node itself calls this too, where a handler only sets headers.
  override writeHead(status: number, second?: string | Head, third?: Head): this {
    const headers = typeof second === "string" ? third : second;
    const message = typeof second === "string" ? second : this.statusMessage;
    if (!Array.isArray(headers) || this.getHeaderNames().length > 0) {
      for (const [name, value] of securityHeaders) if (!this.hasHeader(name)) this.setHeader(name, value);
      return super.writeHead(status, message, headers);
    }
    const all = headers.slice();
    for (const [name, value] of securityHeaders) if (!names(headers, name)) all.push(name, value);
    return super.writeHead(status, message, all);
  }
}

/** Whether a list has the header `name`, which is in lower case. */
function names(headers: readonly OutgoingHttpHeader[], name: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const given = headers[index];
    if (typeof given === "string" && given.length === name.length && given.toLowerCase() === name)
      return true;
  }
  return false;
}

/**
 * Passing over `100 Continue` from an upstream that was not asked for it.
 *
 * Clients have to (RFC 9110 §15.2), and some servers send it to whoever posts; undici closes the connection instead.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

const one = 0x31;
const zero = 0x30;
const headEnd = "\r\n\r\n";

/**
 * Keeps answers with the status 100 from whoever reads the socket. One that comes in pieces is not recognised.
 *
 * @returns to be called before each request: from then on to the first bytes of an answer is looked
 */
export function skipContinue(socket: Socket): () => void {
  let isLooking = false;
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!isLooking || !(chunk instanceof Uint8Array)) return chunk;
    const rest = afterContinue(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (rest.length === 0) return socket.read(size);
    isLooking = false;
    return rest;
  };
  return () => {
    isLooking = true;
  };
}

/** What follows the interim answers at the begin. The status stands at a fixed place: `HTTP/1.1 100`. */
function afterContinue(bytes: Buffer): Buffer {
  let rest = bytes;
  while (rest[9] === one && rest[10] === zero && rest[11] === zero) {
    const end = rest.indexOf(headEnd);
    if (end === -1) return rest;
    rest = rest.subarray(end + headEnd.length);
  }
  return rest;
}

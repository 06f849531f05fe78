/**
 * Tells from the first bytes of a connection which protocol it speaks.
 *
 * @module
 */

/** What a client may speak on the port. */
export type Protocol = "http1" | "http2" | "tls";

// RFC 9113 §3.4: what every HTTP/2 client sends first.
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

// RFC 8446 §5.1: the content type of the record that carries a ClientHello.
const tlsHandshake = 0x16;

/**
 * Tells the protocol of a connection.
 *
 * @param bytes - the first bytes, at least one
 * @returns `undefined` while they may still become the 24 bytes of the HTTP/2 preface; whatever is neither
 *   that nor TLS is left to the HTTP/1.1 parser to refuse
 */
export function detectProtocol(bytes: Uint8Array): Protocol | undefined {
  if (bytes[0] === tlsHandshake) return "tls";
  const length = Math.min(bytes.length, http2Preface.length);
  if (http2Preface.compare(bytes, 0, length, 0, length) !== 0) return "http1";
  return length === http2Preface.length ? "http2" : undefined;
}

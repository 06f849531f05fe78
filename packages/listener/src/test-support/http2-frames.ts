/**
 * HTTP/2 frames by hand, for clients that break the rules (RFC 9113 §4, RFC 7541).
 *
 * @module
 */

const types = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
  unknown: 0x42,
} as const;

/** What a client sends first: the preface and empty settings. */
export const clientPreface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"),
  frame({ type: "settings" }),
]);

/** Flag bits. */
export const flags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Acknowledges the settings of the other side. */
export const settingsAck = frame({ type: "settings", flags: 1 });

/** A frame to send, or that was received. */
export interface Frame {
  /** What it is; any type number that is not known reads as `unknown`. */
  readonly type: keyof typeof types;
  /** Sum of {@link flags}; default 0. */
  readonly flags?: number;
  /** Stream id; default 0, the connection. */
  readonly stream?: number;
  /** Default empty. */
  readonly payload?: Uint8Array;
}

/** Writes a frame. */
export function frame({ type, flags: bits = 0, stream = 0, payload = Buffer.alloc(0) }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(types[type], 3);
  head.writeUInt8(bits, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Reads the whole frames of what was received. */
export function readFrames(bytes: Buffer): readonly Required<Frame>[] {
  const frames: Required<Frame>[] = [];
  for (let start = 0; start + 9 <= bytes.length; ) {
    const end = start + 9 + bytes.readUIntBE(start, 3);
    if (end > bytes.length) break;
    frames.push({
      type: typeName(bytes.readUInt8(start + 3)),
      flags: bytes.readUInt8(start + 4),
      stream: bytes.readUInt32BE(start + 5),
      payload: bytes.subarray(start + 9, end),
    });
    start = end;
  }
  return frames;
}

/** A 32-bit number as a payload: an error code, a window increment. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Header fields as HPACK literals; `indexed` ones go into the dynamic table. */
export function headerBlock(
  fields: readonly (readonly [name: string, value: string])[],
  { indexed = false }: { readonly indexed?: boolean } = {},
): Buffer {
  const kind = Buffer.from([indexed ? 0x40 : 0x00]);
  return Buffer.concat(fields.flatMap(([name, value]) => [kind, hpackString(name), hpackString(value)]));
}

/** The pseudo-headers of a request. */
export function requestFields(
  method = "GET",
  path = "/",
  authority = "localhost",
): readonly (readonly [string, string])[] {
  return [
    [":method", method],
    [":scheme", "http"],
    [":path", path],
    [":authority", authority],
  ];
}

/** A request without a body. */
export function requestFrame(stream: number, fields = requestFields()): Buffer {
  return frame({
    type: "headers",
    flags: flags.endHeaders | flags.endStream,
    stream,
    payload: headerBlock(fields),
  });
}

/** A frame many times over. */
export function repeat(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(new Array<Buffer>(times).fill(bytes));
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([hpackInteger(bytes.length, 7), bytes]);
}

/** RFC 7541 §5.1. */
function hpackInteger(value: number, prefixBits: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.from([value]);
  const bytes = [limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function typeName(number: number): Frame["type"] {
  const names = [
    "data",
    "headers",
    "priority",
    "rstStream",
    "settings",
    "unknown",
    "ping",
    "goaway",
  ] as const;
  return names[number] ?? (number === types.windowUpdate ? "windowUpdate" : "unknown");
}

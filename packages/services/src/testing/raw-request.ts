/**
 * Requests no client library would send.
 *
 * @module
 */

import { connect, constants, type IncomingHttpHeaders } from "node:http2";

/** What came back, headers and trailers together. */
export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request, sent byte by byte as given. */
export interface RawRequest {
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  /** POST when absent. */
  readonly method?: string;
  /** Leaves the request open after the body. */
  readonly unfinished?: boolean;
}

/** Sends one request over a connection of its own, HTTP/2 without TLS. */
export async function rawRequest(baseUrl: string, request: RawRequest): Promise<RawResponse> {
  const session = connect(baseUrl);
  try {
    return await exchange(
      session.request({
        ":method": request.method ?? "POST",
        ":path": request.path,
        ...request.headers,
      }),
      request,
    );
  } finally {
    session.destroy();
  }
}

function exchange(
  stream: ReturnType<ReturnType<typeof connect>["request"]>,
  request: RawRequest,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders & { ":status"?: number | undefined } = {};
    const chunks: Buffer[] = [];
    stream.on("response", (received) => {
      headers = { ...received };
    });
    stream.on("trailers", (received) => {
      headers = { ...headers, ...received };
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({ status: headers[":status"] ?? 0, headers, body: Buffer.concat(chunks) }),
    );
    // What is left of the body is not sent any more.
    stream.on("end", () => stream.close(constants.NGHTTP2_CANCEL));
    if (request.body?.length) stream.write(request.body);
    if (!request.unfinished) stream.end();
  });
}

/** A message in the envelope of gRPC and of Connect's streams: a byte of flags, the length, the message. */
export function envelope(message: Uint8Array, { flags = 0, length = message.length } = {}): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/**
 * Writing a reply as an HTTP response, with backpressure and without lies.
 *
 * @module
 */

import { type Clock, ProxyError } from "@llmproxy/spec";
import type { HttpResponse } from "./exchange.ts";

/** An answer in the dialect of the client. */
export interface Answer {
  readonly status: number;
  readonly stream: boolean;
  readonly frames: AsyncIterable<Uint8Array>;
  /** Ends the reply behind the frames. */
  cancel(reason: ProxyError): void;
}

/** What {@link writeReply} needs to know. */
export interface WriteReplyOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Writes an error as a frame of the stream. */
  readonly errorFrame: (error: ProxyError) => string;
  readonly clock: Clock;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
  /** How long a client may refuse to read before it is given up, in milliseconds. */
  readonly stallMs: number;
}

/**
 * Writes the whole answer. A stream that is cut ends with an error frame and a destroyed connection, never with
 * a regular end: a client must be able to tell a cut from a finish.
 *
 * @returns when everything is written, or the client is gone; never rejects once the response has begun
 * @throws whatever a unary answer fails with before its body is known
 */
export async function writeReply(
  answer: Answer,
  response: HttpResponse,
  options: WriteReplyOptions,
): Promise<void> {
  if (!answer.stream) return writeUnary(answer, response, options);
  setHead(response, answer.status, { ...options.headers, ...streamHeaders });
  try {
    for await (const frames of answer.frames) {
      if (!response.write(frames)) await drained(response, options);
    }
    response.end();
  } catch (reason) {
    const error = ProxyError.from(reason);
    answer.cancel(error);
    breakOff(response, options.errorFrame(error), options);
    return;
  }
  await sent(response, options);
}

const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // nginx in front would otherwise hold a stream back until its buffer is full.
  "x-accel-buffering": "no",
};

async function writeUnary(answer: Answer, response: HttpResponse, options: WriteReplyOptions): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const frame of answer.frames) chunks.push(frame);
  const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  setHead(response, answer.status, {
    ...options.headers,
    "content-type": "application/json",
    "content-length": String(body.length),
  });
  response.end(body);
  await sent(response, options);
}

function setHead(response: HttpResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/**
 * Waits until the client has read enough.
 *
 * @throws `canceled` when it left or read nothing for too long
 */
function drained(response: HttpResponse, { clock, signal, stallMs }: WriteReplyOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const settle = (finish: () => void): void => {
      timer.cancel();
      response.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onDrain = (): void => settle(resolve);
    const onAbort = (): void => settle(() => reject(signal.reason));
    const timer = clock.schedule(stallMs, () =>
      settle(() => reject(new ProxyError("canceled", "the client stopped reading"))),
    );
    response.on("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Waits until everything is on its way to the client; one that reads nothing for too long is given up. */
export function sent(
  response: HttpResponse,
  { clock, stallMs }: Pick<WriteReplyOptions, "clock" | "stallMs">,
): Promise<void> {
  // The system has taken everything: nobody needs to be watched.
  if (response.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      timer.cancel();
      response.off("finish", settle);
      response.off("close", settle);
      resolve();
    };
    const timer = clock.schedule(stallMs, () => {
      reset(response);
      settle();
    });
    response.on("finish", settle);
    response.on("close", settle);
  });
}

/** Sends a last frame, then breaks the answer off. */
function breakOff(
  response: HttpResponse,
  frame: string,
  { clock, signal, stallMs }: WriteReplyOptions,
): void {
  // Where nobody reads, a last frame would wait for ever.
  if (signal.aborted || response.writableNeedDrain) {
    reset(response);
    return;
  }
  const timer = clock.schedule(stallMs, () => reset(response));
  response.once("close", () => timer.cancel());
  response.write(frame, "utf8", () => {
    timer.cancel();
    reset(response);
  });
}

/** INTERNAL_ERROR of HTTP/2 (RFC 9113 §7); `node:http2` names it, and costs 10 MB where only HTTP/1.1 is spoken. */
const http2InternalError = 0x2;

/** Destroys the connection (HTTP/1.1) or resets the stream with a code that says failure (HTTP/2). */
function reset(response: HttpResponse): void {
  if (response.stream) response.stream.close(http2InternalError);
  else response.destroy();
}

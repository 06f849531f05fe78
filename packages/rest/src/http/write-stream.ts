/**
 * Writing messages as server-sent events, with backpressure and without lies.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @module
 */

import { untilAbort } from "@llmproxy/services";
import { type Clock, type JsonValue, ProxyError, type Timer } from "@llmproxy/spec";
import { breakOff, type HttpResponse } from "./exchange.ts";
import { errorBody } from "./write-error.ts";

/** What {@link writeStream} needs to know. */
export interface WriteStreamOptions {
  readonly clock: Clock;
  /** Aborts when nobody waits for an answer any more; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** How long a client may refuse to read before it is given up, in milliseconds. */
  readonly stallMs: number;
  /** After how much silence a comment is sent, so that nothing between takes the stream for dead; milliseconds. */
  readonly keepAliveMs: number;
  /** Sent behind the last message. */
  readonly trailers: Record<string, string>;
}

const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // nginx in front would otherwise hold a stream back until its buffer is full.
  "x-accel-buffering": "no",
};

/** Begins a stream; does nothing when it has begun. */
export function beginStream(response: HttpResponse): void {
  if (response.headersSent) return;
  response.statusCode = 200;
  for (const [name, value] of Object.entries(streamHeaders)) response.setHeader(name, value);
}

/**
 * Writes one event a message. A stream that fails after its beginning ends with an `error` event and a destroyed
 * connection, never with a regular end: a client must be able to tell a cut from a finish.
 *
 * @param messages - is closed in every case
 * @throws what `messages` fails with before the response has begun
 */
export async function writeStream(
  messages: AsyncIterator<JsonValue>,
  response: HttpResponse,
  options: WriteStreamOptions,
): Promise<void> {
  const keepAlive = createKeepAlive(response, options);
  try {
    await writeMessages(messages, response, options, keepAlive.restart);
  } catch (reason) {
    // What closing finds wrong matters to nobody any more, and it may wait for a `next` that does not end.
    messages.return?.().catch(() => undefined);
    if (!response.headersSent) throw reason;
    breakOffWith(response, ProxyError.from(reason), options);
  } finally {
    keepAlive.stop();
  }
}

async function writeMessages(
  messages: AsyncIterator<JsonValue>,
  response: HttpResponse,
  options: WriteStreamOptions,
  onWrite: () => void,
): Promise<void> {
  for (;;) {
    const result = await untilAbort(messages.next(), options.signal);
    beginStream(response);
    if (result.done) break;
    const isReady = response.write(`data: ${JSON.stringify(result.value)}\n\n`);
    onWrite();
    if (!isReady) await drained(response, options);
  }
  if (Object.keys(options.trailers).length > 0) response.addTrailers(options.trailers);
  response.end();
}

interface KeepAlive {
  readonly restart: () => void;
  readonly stop: () => void;
}

function createKeepAlive(response: HttpResponse, { clock, keepAliveMs }: WriteStreamOptions): KeepAlive {
  let timer: Timer | undefined;
  const restart = (): void => {
    timer?.cancel();
    timer = clock.schedule(keepAliveMs, () => {
      beginStream(response);
      if (!response.writableNeedDrain) response.write(": keep-alive\n\n");
      restart();
    });
  };
  restart();
  return { restart, stop: () => timer?.cancel() };
}

/**
 * Waits until the client has read enough.
 *
 * @throws `canceled` when it left or read nothing for too long
 */
function drained(response: HttpResponse, { clock, signal, stallMs }: WriteStreamOptions): Promise<void> {
  return new Promise((resolve, reject) => {
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
    if (signal.aborted) onAbort();
  });
}

/** Sends a last event, then breaks the answer off. */
function breakOffWith(
  response: HttpResponse,
  error: ProxyError,
  { clock, stallMs }: WriteStreamOptions,
): void {
  // Where nobody reads, a last event would wait for ever.
  if (error.code === "canceled" || response.writableNeedDrain) {
    breakOff(response);
    return;
  }
  const timer = clock.schedule(stallMs, () => breakOff(response));
  response.once("close", () => timer.cancel());
  response.write(`event: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`, "utf8", () => {
    timer.cancel();
    breakOff(response);
  });
}

/**
 * Sends an answer the way its script wants it.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Clock } from "@llmproxy/spec";
import { abortable } from "../abortable.ts";
import type { Answer, AnswerHead, Chunk, Fault, StreamAnswer, UnaryAnswer } from "./answer.ts";
import type { RequestRecord } from "./received-request.ts";

/** One answer on its way. */
export interface Delivery {
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  readonly clock: Clock;
  /** Aborts when the client has left or the upstream closes. */
  readonly gone: AbortSignal;
  /** Aborts when the upstream closes. */
  readonly closing: AbortSignal;
}

/**
 * Sends an answer to its end or its fault.
 *
 * @throws the reason of `gone` (of `closing` for an answer that ignores cancellation) as soon as it aborts
 */
export async function sendAnswer(delivery: Delivery, answer: Answer): Promise<void> {
  if ("raw" in answer) {
    delivery.record.hasFailed = true;
    delivery.response.socket?.end(answer.raw);
    return;
  }
  const signal = answer.ignoreCancellation ? delivery.closing : delivery.gone;
  await pause(delivery.clock, answer.headersDelayMs, signal);
  if (answer.fault && answer.fault.afterBytes === undefined) {
    fail(delivery, answer.fault);
    return;
  }
  writeHead(delivery.response, answer);
  await sendBody(delivery, answer, signal);
  if (answer.fault) fail(delivery, answer.fault);
  else delivery.response.end();
}

function writeHead(response: ServerResponse, answer: UnaryAnswer | StreamAnswer): void {
  if ("body" in answer) {
    response.setHeader("content-type", "application/json");
    response.setHeader("content-length", encode(answer.body, answer).length);
  } else {
    response.setHeader("content-type", "text/event-stream; charset=utf-8");
  }
  if (answer.gzip) response.setHeader("content-encoding", "gzip");
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.writeHead(answer.status ?? 200);
  response.flushHeaders();
}

async function sendBody(
  delivery: Delivery,
  answer: UnaryAnswer | StreamAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { record, clock, gone } = delivery;
  const limit = answer.fault?.afterBytes ?? Number.POSITIVE_INFINITY;
  const chunks = iterate("body" in answer ? [answer.body] : answer.stream);
  try {
    while (record.bytesSent < limit) {
      const { done, value } = await abortable(Promise.resolve(chunks.next()), signal);
      if (done) return;
      await pause(clock, answer.chunkDelayMs, signal);
      record.chunksProduced++;
      const bytes = encode(value, answer).subarray(0, limit - record.bytesSent);
      if (!gone.aborted) await write(delivery, bytes);
    }
  } finally {
    // Not awaited: a generator that waits for something else returns only after that has come.
    Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
}

function encode(chunk: Chunk, { gzip }: AnswerHead): Buffer {
  const bytes = Buffer.from(chunk);
  return gzip ? gzipSync(bytes) : bytes;
}

function iterate(source: Iterable<Chunk> | AsyncIterable<Chunk>): Iterator<Chunk> | AsyncIterator<Chunk> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Resolves when the system has taken the bytes, or the client has left. */
async function write({ response, record, gone }: Delivery, bytes: Buffer): Promise<void> {
  const taken = new Promise<void>((resolve) => {
    response.write(bytes, (error) => {
      if (!error) record.bytesSent += bytes.length;
      resolve();
    });
  });
  await abortable(taken, gone).catch(() => undefined);
}

function fail({ response, record }: Delivery, fault: Fault): void {
  if (fault.kind === "stall") return;
  record.hasFailed = true;
  if (fault.kind === "cut") response.socket?.destroy();
  else if (fault.kind === "reset") response.socket?.resetAndDestroy();
  else response.socket?.end();
}

async function pause(clock: Clock, delayMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (delayMs !== undefined && delayMs > 0) await clock.sleep(delayMs, signal);
}

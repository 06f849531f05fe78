/**
 * What a fake upstream answers, as data.
 *
 * @module
 */

import type { ReceivedRequest } from "./received-request.ts";

/** Bytes to send; text is sent as UTF-8. */
export type Chunk = string | Uint8Array;

/**
 * What goes wrong with an answer.
 *
 * `stall`: nothing more is sent, the connection stays open. `cut`: the connection is closed (FIN).
 * `reset`: it is reset (RST). `half-close`: our side is closed, the client may still send.
 */
export interface Fault {
  readonly kind: "stall" | "cut" | "reset" | "half-close";
  /**
   * How many bytes of the body are sent before; an answer with fewer fails after its last byte, before the
   * end that HTTP would mark. Absent: it fails before the status line.
   */
  readonly afterBytes?: number;
}

/** How an answer is sent. Delays run on the upstream's clock. */
export interface Pacing {
  /** How long to wait before the status line; default 0. */
  readonly headersDelayMs?: number;
  /** How long to wait before each chunk of the body, the first included; default 0. */
  readonly chunkDelayMs?: number;
  /** What goes wrong; nothing when absent. */
  readonly fault?: Fault;
  /** Sends the body compressed, each chunk as a gzip member of its own (RFC 1952 §2.2); default false. */
  readonly gzip?: boolean;
  /** Goes on producing a stream after the client has left, as an upstream that keeps computing; default false. */
  readonly ignoreCancellation?: boolean;
}

/** What every HTTP answer has. */
export interface AnswerHead extends Pacing {
  /** Default 200. */
  readonly status?: number;
  /** Lower-case names. They replace the default `content-type`. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An answer in one piece, with `content-length`; `application/json` unless `headers` says otherwise. */
export interface UnaryAnswer extends AnswerHead {
  readonly body: Chunk;
}

/** An answer in chunks, each written and flushed by itself; `text/event-stream` unless `headers` says otherwise. */
export interface StreamAnswer extends AnswerHead {
  /**
   * The chunks. An async iterable is asked for the next chunk when the one before is written, so that a test
   * can hold it back; it is given up (`return()`) when the client leaves.
   */
  readonly stream: Iterable<Chunk> | AsyncIterable<Chunk>;
}

/** Bytes that need not be HTTP, sent as they are; then the connection is closed. */
export interface RawAnswer {
  readonly raw: Chunk;
}

/** One answer. */
export type Answer = UnaryAnswer | StreamAnswer | RawAnswer;

/** An answer, or how to find it once the request is read. What the function throws is answered as a 500. */
export type AnswerScript = Answer | ((request: ReceivedRequest) => Answer | Promise<Answer>);

/** An answer of one JSON value. */
export function jsonAnswer(value: unknown, head: AnswerHead = {}): UnaryAnswer {
  return { ...head, body: JSON.stringify(value) };
}

/**
 * Chooses the answer by the request's path, whatever its query.
 *
 * @param scripts - by the path's ending, e.g. `/chat/completions`; the first that fits is taken
 * @returns a script that answers 404 where none fits
 */
export function answerByPath(scripts: Readonly<Record<string, AnswerScript>>): AnswerScript {
  return (request) => {
    const path = request.path.split("?", 1)[0] ?? "";
    const found = Object.entries(scripts).find(([ending]) => path.endsWith(ending));
    if (found === undefined)
      return jsonAnswer({ error: { message: `no such path: ${path}` } }, { status: 404 });
    const [, script] = found;
    return typeof script === "function" ? script(request) : script;
  };
}

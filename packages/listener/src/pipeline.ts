/**
 * The requests of one HTTP/1.1 connection, one after the other.
 *
 * Node calls the handler for all pipelined requests at once and only puts the answers in order; one
 * connection could then occupy as many handlers as it can send requests (RFC 9112 §9.3.2).
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@llmproxy/spec";
import type { ListenerLimits } from "./limits.ts";

/** What a pipeline works with. */
export interface PipelineOptions {
  /** Answers one request. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
  /** Source of deadlines. */
  readonly clock: Clock;
  /** How many requests may wait, and how long what is left over may take. */
  readonly limits: Pick<
    ListenerLimits,
    "maxRequestsPerSocket" | "maxPipelinedRequests" | "discardTimeoutMs" | "lingerTimeoutMs"
  >;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One connection. */
export class Pipeline {
  readonly #socket: Socket;
  readonly #options: PipelineOptions;
  readonly #waiting: Exchange[] = [];
  /** One function for all answers, which are what it is called on. */
  readonly #onClose: (this: ServerResponse) => void;
  #running: Exchange | undefined;
  #startedCount = 0;
  #isPaused = false;
  #lastWords: string | undefined;

  /**
   * @param socket - the connection
   * @param options - what to work with
   */
  constructor(socket: Socket, options: PipelineOptions) {
    this.#socket = socket;
    this.#options = options;
    const finish = (response: ServerResponse): void => this.#finish(response);
    this.#onClose = function onClose() {
      finish(this);
    };
  }

  /** Serves a request now or when those before it have been answered. */
  add(request: IncomingMessage, response: ServerResponse): void {
    if (this.#running === undefined) {
      this.#start({ request, response });
      return;
    }
    this.#waiting.push({ request, response });
    if (this.#waiting.length <= this.#options.limits.maxPipelinedRequests || this.#isPaused) return;
    this.#isPaused = true;
    // Not at once: the parser resumes the socket whenever it comes to the end of a request.
    queueMicrotask(() => this.#socket.pause());
  }

  /**
   * Ends the connection with `bytes` as its last answer, written when the requests before have been answered.
   *
   * @param bytes - a whole HTTP/1.1 answer to what cannot be parsed
   * @returns whether the client will see it: not when the connection is ending already, nor in the middle of
   *   another answer
   */
  end(bytes: string): boolean {
    if (this.#lastWords !== undefined) return false;
    this.#lastWords = bytes;
    this.#waiting.length = 0;
    if (this.#running === undefined) {
      this.#say(bytes);
      return true;
    }
    const { request, response } = this.#running;
    if (request.complete) return true;
    // It is the running request that cannot be parsed: its handler must see now that no more will come.
    const isUnanswered = !response.headersSent;
    if (isUnanswered) this.#socket.write(bytes);
    this.#socket.destroySoon();
    return isUnanswered;
  }

  #start(exchange: Exchange): void {
    this.#running = exchange;
    this.#startedCount += 1;
    // Node's own limit only asks the client to close the connection and leaves it open.
    if (this.#startedCount >= this.#options.limits.maxRequestsPerSocket)
      exchange.response.shouldKeepAlive = false;
    exchange.response.on("close", this.#onClose);
    this.#options.serve(exchange.request, exchange.response);
  }

  #finish(response: ServerResponse): void {
    if (this.#running?.response !== response) return;
    const { request } = this.#running;
    this.#running = undefined;
    if (this.#socket.destroyed || !this.#socket.writable) {
      this.#waiting.length = 0;
      return;
    }
    if (this.#lastWords !== undefined) {
      this.#say(this.#lastWords);
      return;
    }
    if (!request.complete) this.#discardRest(request);
    this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (this.#isPaused && this.#waiting.length < this.#options.limits.maxPipelinedRequests) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (next !== undefined) this.#start(next);
  }

  /** Node reads what is left of the body and throws it away; this bounds for how long. */
  #discardRest(request: IncomingMessage): void {
    const { clock, limits } = this.#options;
    const deadline = clock.schedule(limits.discardTimeoutMs, () => this.#socket.destroy());
    request.once("close", () => deadline.cancel());
  }

  /** Closes only after the client had time to read: a reset would take the answer away from it. */
  #say(bytes: string): void {
    if (!this.#socket.writable) return;
    const { clock, limits } = this.#options;
    this.#socket.end(bytes);
    const deadline = clock.schedule(limits.lingerTimeoutMs, () => this.#socket.destroy());
    this.#socket.once("close", () => deadline.cancel());
  }
}

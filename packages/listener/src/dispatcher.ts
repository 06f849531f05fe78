/**
 * The way of each request from its protocol to the handler.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import { IncomingMessage, ServerResponse } from "node:http";
import type { Counter, Logger } from "@llmproxy/spec";
import { checkRequest, type HeaderLimits, type RequestHead } from "./check-request.ts";
import { continueAtFirstRead, expectsContinue } from "./continue-at-first-read.ts";
import type { ListenerRequest, ListenerResponse, RequestHandler } from "./handler.ts";
import { type Refusal, writeRefusal } from "./refusal.ts";
import { RunningAnswers } from "./running-answers.ts";
import { SecuredResponse } from "./secured-response.ts";
import { securityHeaders } from "./security-headers.ts";

/** What a dispatcher works with. */
export interface DispatcherOptions {
  /** Answers the requests that pass. */
  readonly handler: RequestHandler;
  /** How large the head of a request may be. */
  readonly limits: HeaderLimits;
  /** Told what handlers throw, and at level debug what is refused. */
  readonly logger: Logger;
  /** Requests refused, by `status`. */
  readonly refused: Counter;
}

const internalError: Refusal = { status: 500, code: "internal", message: "internal error" };

/** Checks requests, hands them to the handler and knows which have not been answered. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #running = new RunningAnswers();
  /** One function for all requests and answers. */
  readonly #ignore: (error: unknown) => void;
  #draining = false;

  /** @param options - what to work with */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    // A client that leaves is no failure; handlers see it as `aborted` and `close`. Without a listener the
    // event would end the process.
    this.#ignore = (error) => options.logger.debug({ error }, "request ended early");
  }

  /** How many requests are being answered. */
  get running(): number {
    return this.#running.size;
  }

  /** Lets each HTTP/1.1 connection end with the answer that is written on it next. */
  startDraining(): void {
    this.#draining = true;
    for (const response of this.#running.all()) endConnection(response);
  }

  /** Answers one request; never throws. */
  dispatch(request: ListenerRequest, response: ListenerResponse): void {
    this.#track(request, response);
    if (this.#draining) endConnection(response);
    const refusal = checkRequest(headOf(request), this.#options.limits);
    if (refusal !== undefined) {
      this.#refuse(request, response, refusal);
      return;
    }
    // Over HTTP/1.1 the answer sees to them itself.
    if (!(response instanceof SecuredResponse))
      for (const [name, value] of securityHeaders) response.setHeader(name, value);
    if (expectsContinue(request)) continueAtFirstRead(request, response);
    this.#run(request, response);
  }

  /** Counts and logs a refusal that is written elsewhere. */
  noteRefusal({ status, message }: Refusal): void {
    this.#options.refused.add({ status: String(status) });
    this.#options.logger.debug({ status, reason: message }, "request refused");
  }

  #track(request: ListenerRequest, response: ListenerResponse): void {
    this.#running.add(response);
    const emitters: readonly EventEmitter[] = [request, response];
    for (const emitter of emitters) emitter.on("error", this.#ignore);
  }

  #run(request: ListenerRequest, response: ListenerResponse): void {
    try {
      // An async function passes for a handler; what it rejects with must not go unseen.
      const result: unknown = this.#options.handler(request, response);
      if (result instanceof Promise) result.catch((error: unknown) => this.#fail(request, response, error));
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #fail(request: ListenerRequest, response: ListenerResponse, error: unknown): void {
    this.#options.logger.error({ error }, "request handler failed");
    if (response.writableEnded) return;
    if (response.headersSent) {
      // What was sent looks like a part of an answer; only a cut tells the client that it is no whole one.
      response.destroy(new Error("the request handler failed"));
      return;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    writeRefusal(response, internalError, request.headers["x-request-id"]);
  }

  #refuse(request: ListenerRequest, response: ListenerResponse, refusal: Refusal): void {
    this.noteRefusal(refusal);
    writeRefusal(response, refusal, request.headers["x-request-id"]);
  }
}

function endConnection(response: ListenerResponse): void {
  if (response instanceof ServerResponse && !response.headersSent) response.shouldKeepAlive = false;
}

function headOf(request: ListenerRequest): RequestHead {
  return {
    protocol: request instanceof IncomingMessage ? "http1" : "http2",
    version: request.httpVersion,
    method: request.method ?? "",
    target: request.url ?? "",
    rawHeaders: request.rawHeaders,
  };
}

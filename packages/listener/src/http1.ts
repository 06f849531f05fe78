/**
 * HTTP/1.1 on connections that somebody else accepted.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@llmproxy/spec";
import { methodRefusal } from "./check-request.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { ListenerLimits } from "./limits.ts";
import { parseRefusal } from "./parse-refusal.ts";
import { Pipeline } from "./pipeline.ts";
import { type Refusal, refusalBytes } from "./refusal.ts";
import { SecuredResponse } from "./secured-response.ts";

/** What HTTP/1.1 works with. */
export interface Http1Options {
  /** Where requests go. */
  readonly dispatcher: Dispatcher;
  /** Source of the deadlines that Node does not keep itself. */
  readonly clock: Clock;
  /** What clients may ask for. */
  readonly limits: ListenerLimits;
}

/** Serves HTTP/1.1 and HTTP/1.0. */
export class Http1 {
  readonly #options: Http1Options;
  readonly #server: Server;
  readonly #pipelines = new WeakMap<object, Pipeline>();

  /** @param options - what to work with */
  constructor(options: Http1Options) {
    this.#options = options;
    this.#server = createHttp1Server(options.limits);
    const add = (request: IncomingMessage, response: ServerResponse): void =>
      this.#pipelines.get(request.socket)?.add(request, response);
    this.#server.on("request", add);
    this.#server.on("checkContinue", add);
    this.#server.on("checkExpectation", add);
    this.#server.on("connect", ({ socket }) => this.#refuse(socket, methodRefusal));
    this.#server.on("clientError", (error, socket) => {
      const refusal = parseRefusal(error);
      if (refusal === undefined) socket.destroy();
      else this.#refuse(socket, refusal);
    });
  }

  /** Serves a connection. */
  accept(socket: Socket): void {
    const { dispatcher, clock, limits } = this.#options;
    const serve = (request: IncomingMessage, response: ServerResponse): void =>
      dispatcher.dispatch(request, response);
    this.#pipelines.set(socket, new Pipeline(socket, { serve, clock, limits }));
    this.#server.emit("connection", socket);
  }

  /** Closes the connections on which no request has begun. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** Stops the timers; connections are left as they are. */
  close(): void {
    this.#server.close();
  }

  #refuse(socket: object, refusal: Refusal): void {
    const isFirst = this.#pipelines.get(socket)?.end(refusalBytes(refusal)) ?? false;
    if (isFirst) this.#options.dispatcher.noteRefusal(refusal);
  }
}

function createHttp1Server(limits: ListenerLimits): Server {
  const server = createServer({
    ServerResponse: SecuredResponse,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    insecureHTTPParser: false,
    // Checked with everything else, so that the answer has the same form.
    requireHostHeader: false,
  });
  // Node would cut off further headers silently; too many are refused with everything else.
  server.maxHeadersCount = 0;
  // Node begins to watch the header and request timeouts when a server listens, which this one never does.
  server.emit("listening");
  return server;
}

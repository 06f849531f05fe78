/**
 * HTTP/2 on connections that somebody else accepted.
 *
 * @module
 */

import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { Clock, Logger, Timer } from "@llmproxy/spec";
import type { Dispatcher } from "./dispatcher.ts";
import { type SessionRefusal, WatchedSession } from "./http2-session.ts";
import type { ListenerLimits } from "./limits.ts";

/** What HTTP/2 works with. */
export interface Http2Options {
  /** Where requests go. */
  readonly dispatcher: Dispatcher;
  /** Source of time. */
  readonly clock: Clock;
  /** A number from 0 to 1 at each call; spreads the ages of sessions. */
  readonly random: () => number;
  /** What clients may ask for. */
  readonly limits: ListenerLimits;
  /** Told at level debug how sessions fail. */
  readonly logger: Logger;
  /** Told when a session is closed against the client's will. */
  readonly onRefused: (reason: SessionRefusal) => void;
}

const ageVariation = 0.1;

/** Serves HTTP/2. */
export class Http2 {
  readonly #options: Http2Options;
  readonly #server: Http2Server;
  readonly #sessions = new Set<WatchedSession>();
  #nextCheck: Timer | undefined;

  /** @param options - what to work with */
  constructor(options: Http2Options) {
    this.#options = options;
    this.#server = createHttp2Server(options.limits);
    const serve = (request: Http2ServerRequest, response: Http2ServerResponse): void =>
      this.#serve(request, response);
    this.#server.on("request", serve);
    this.#server.on("checkContinue", serve);
    this.#server.on("checkExpectation", serve);
    this.#server.on("connect", serve);
    this.#server.on("sessionError", (error) => options.logger.debug({ error }, "http/2 session failed"));
  }

  /** Serves a connection. */
  accept(socket: Socket): void {
    this.#server.once("session", (session) => {
      guardFirstRead(session, socket);
      this.#watch(session, socket);
    });
    this.#server.emit("connection", socket);
  }

  /** Asks all clients to go elsewhere; sessions end with their last stream. */
  retire(): void {
    for (const session of this.#sessions) session.retire();
  }

  #serve(request: Http2ServerRequest, response: Http2ServerResponse): void {
    // What comes in one read with the preface is parsed before any of it is served: these streams were reset
    // meanwhile, and shall not occupy handlers (CVE-2023-44487).
    if (request.stream.closed) return;
    // Node ends a request that was cut off as if it were complete; a reader shall fail, as over HTTP/1.1.
    request.once("aborted", () => request.destroy(new Error("the client reset the stream")));
    request.stream.once("finish", () => this.#discardRest(request));
    this.#options.dispatcher.dispatch(request, response);
  }

  /**
   * Throws away, for a while, what is left of a body when its answer has been written. Node would reset the
   * stream at once, yet count it for so long that a client with half as many streams as it may have gets the
   * next ones refused.
   */
  #discardRest(request: Http2ServerRequest): void {
    const { stream } = request;
    if (stream.endAfterHeaders || stream.readableEnded) return;
    const { clock, limits } = this.#options;
    const deadline = clock.schedule(limits.discardTimeoutMs, () => stream.close(constants.NGHTTP2_NO_ERROR));
    stream.once("close", () => deadline.cancel());
    stream.resume();
    request.resume();
  }

  #watch(session: ServerHttp2Session, socket: Socket): void {
    const { clock, limits, random, onRefused } = this.#options;
    const watched = new WatchedSession(session, socket, {
      clock,
      limits,
      ageVariation: (2 * random() - 1) * ageVariation,
      onRefused,
    });
    this.#sessions.add(watched);
    socket.once("close", () => {
      this.#sessions.delete(watched);
      if (this.#sessions.size === 0) this.#stopChecking();
    });
    if (this.#nextCheck === undefined) this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    const { clock, limits } = this.#options;
    this.#nextCheck = clock.schedule(limits.sessionCheckIntervalMs, () => {
      this.#scheduleCheck();
      for (const session of this.#sessions) session.check();
    });
  }

  #stopChecking(): void {
    this.#nextCheck?.cancel();
    this.#nextCheck = undefined;
  }
}

/**
 * Ends the first read of a session with the session. Node 26 feeds a new session on the next tick everything its
 * socket has buffered, piece by piece, and does not look whether a piece has ended the session: the next one is
 * then an exception nobody can catch. A flood that is refused early would end the process.
 */
function guardFirstRead(session: ServerHttp2Session, socket: Socket): void {
  const read = socket.read.bind(socket);
  socket.read = (size) => (session.destroyed ? null : read(size));
  setImmediate(() => {
    Reflect.deleteProperty(socket, "read");
    // What is left is nobody's; the socket sees the client's end only behind it.
    if (session.destroyed) socket.resume();
  });
}

function createHttp2Server(limits: ListenerLimits): Http2Server {
  return createServer({
    // Node takes these two as settings only; at the top level it ignores them.
    settings: {
      enablePush: false,
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
    maxHeaderListPairs: limits.maxHeaders,
    maxOutstandingPings: limits.maxOutstandingPings,
    maxSessionInvalidFrames: limits.maxInvalidFrames,
    maxSessionMemory: limits.maxSessionMegabytes,
    maxSessionRejectedStreams: limits.maxRejectedStreams,
    maxSettings: limits.maxSettings,
    streamResetBurst: limits.streamResetBurst,
    streamResetRate: limits.streamResetsPerSecond,
  });
}

/**
 * One HTTP/2 session and what it is held to beyond what nghttp2 sees to.
 *
 * @module
 */

import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "@llmproxy/spec";
import type { ListenerLimits } from "./limits.ts";
import { OverheadLedger } from "./overhead-ledger.ts";

/** Why a session was closed against the client's will. */
export type SessionRefusal =
  | "session_first_request"
  | "session_overhead"
  | "session_pings"
  | "session_settings";

/** What a session is watched with. */
export interface WatchedSessionOptions {
  /** Source of time. */
  readonly clock: Clock;
  /** What the client may ask for. */
  readonly limits: ListenerLimits;
  /** By how much the greatest age differs from the limit, −0.1 … 0.1. */
  readonly ageVariation: number;
  /** Told when the session is closed against the client's will. */
  readonly onRefused: (reason: SessionRefusal) => void;
}

/** What a client is told beside the error code; that of pings is the one gRPC clients look for. */
const debugData: Readonly<Record<SessionRefusal, string>> = {
  session_first_request: "no_request",
  session_overhead: "too_many_frames",
  session_pings: "too_many_pings",
  session_settings: "settings_not_acknowledged",
};

// RFC 9113 §4.1.
const frameHeaderBytes = 9;

/** One session; `check` must be called regularly until its socket is closed. */
export class WatchedSession {
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #options: WatchedSessionOptions;
  readonly #ledger: OverheadLedger;
  readonly #startedMs: number;
  #bodyBytes = 0;
  #openStreams = 0;
  #closedStreams = 0;
  #idleSinceMs: number;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #earlyPings = 0;
  #endedMs: number | undefined;

  /**
   * @param session - the session, on which nothing has happened yet
   * @param socket - its connection
   * @param options - what to watch it with
   */
  constructor(session: ServerHttp2Session, socket: Socket, options: WatchedSessionOptions) {
    this.#session = session;
    this.#socket = socket;
    this.#options = options;
    this.#ledger = new OverheadLedger(options.limits);
    this.#startedMs = options.clock.monotonic();
    this.#idleSinceMs = this.#startedMs;
    // Before the listener that serves the stream, so that no byte is read uncounted.
    session.prependListener("stream", (stream: ServerHttp2Stream) => this.#addStream(stream));
    session.on("ping", () => this.#notePing());
  }

  /** Enforces the limits; to be called regularly. */
  check(): void {
    const nowMs = this.#options.clock.monotonic();
    if (this.#session.destroyed || (this.#session.closed && this.#openStreams === 0)) this.#awaitEnd(nowMs);
    else if (!this.#isPaying()) this.#refuse("session_overhead", constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else if (!this.#session.closed) this.#checkAge(nowMs);
  }

  /**
   * Asks the client to open a new session for its next requests and ends this one with its last stream. A
   * request that was on its way is not served, and the client knows that it may send it again elsewhere
   * (RFC 9113 §6.8). The announcement that would let such requests in cannot be made with Node: after any
   * GOAWAY nghttp2 drops new streams without a word.
   */
  retire(): void {
    this.#session.close();
  }

  #addStream(stream: ServerHttp2Stream): void {
    this.#openStreams += 1;
    this.#earlyPings = 0;
    countBody(stream, (bytes) => {
      this.#bodyBytes += bytes;
    });
    stream.once("close", () => {
      this.#openStreams -= 1;
      this.#closedStreams += 1;
      this.#idleSinceMs = this.#options.clock.monotonic();
    });
  }

  #notePing(): void {
    if (this.#openStreams > 0) return;
    const { clock, limits } = this.#options;
    const nowMs = clock.monotonic();
    const isEarly = nowMs - this.#lastPingMs < limits.minPingIntervalMs;
    this.#lastPingMs = nowMs;
    if (!isEarly) return;
    this.#earlyPings += 1;
    if (this.#earlyPings > limits.maxEarlyPings)
      this.#refuse("session_pings", constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #isPaying(): boolean {
    return this.#ledger.settle({
      receivedBytes: this.#socket.bytesRead,
      sentBytes: this.#socket.bytesWritten,
      bodyBytes: this.#bodyBytes,
      openStreams: this.#openStreams,
      closedStreams: this.#closedStreams,
    });
  }

  #checkAge(nowMs: number): void {
    const { limits, ageVariation } = this.#options;
    const ageMs = nowMs - this.#startedMs;
    const isUnused = this.#openStreams + this.#closedStreams === 0;
    if (isUnused && ageMs >= limits.sessionFirstRequestTimeoutMs) {
      this.#refuse("session_first_request", constants.NGHTTP2_NO_ERROR);
      return;
    }
    // Node holds a client to the settings only when it has acknowledged them (RFC 9113 §6.5.3).
    if (this.#session.pendingSettingsAck && ageMs >= limits.sessionFirstRequestTimeoutMs) {
      this.#refuse("session_settings", constants.NGHTTP2_SETTINGS_TIMEOUT);
      return;
    }
    const isIdle = this.#openStreams === 0 && nowMs - this.#idleSinceMs >= limits.sessionIdleTimeoutMs;
    if (isIdle || ageMs >= limits.sessionMaxAgeMs * (1 + ageVariation)) this.retire();
  }

  /** Node ends a session's socket when all is written and the client ends it too; a client may do neither. */
  #awaitEnd(nowMs: number): void {
    this.#endedMs ??= nowMs;
    if (nowMs - this.#endedMs >= this.#options.limits.lingerTimeoutMs) this.#socket.destroy();
  }

  #refuse(reason: SessionRefusal, code: number): void {
    if (this.#session.destroyed) return;
    this.#options.onRefused(reason);
    this.#session.goaway(code, 0, Buffer.from(debugData[reason]));
    this.#session.destroy(new Error(`closed for ${reason}`), code);
  }
}

/** Counts what arrives of a stream's body, whoever reads it and whether or not anybody does. */
function countBody(stream: ServerHttp2Stream, add: (bytes: number) => void): void {
  // What came together with the headers is in the stream already.
  add(stream.readableLength);
  const push = stream.push;
  stream.push = (chunk, encoding) => {
    if (chunk !== null) add(chunk.length + frameHeaderBytes);
    return push.call(stream, chunk, encoding);
  };
}

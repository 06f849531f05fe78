/**
 * One connection to an upstream, and undici's client that speaks HTTP/1.1 on it.
 *
 * A client of undici's connects again by itself and pools others of its kind; here each has one connection in its
 * life. So a connection can be closed at every moment, also while it is made, and whether a request met one that had
 * been used before is known.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Client, Dispatcher } from "undici";
import type { Connector } from "./connector.ts";
import { skipContinue } from "./skip-continue.ts";

/** What a {@link Connection} is made from. */
export interface ConnectionOptions {
  /** undici's class; loaded when it is first needed. */
  readonly client: typeof Client;
  /** Where it leads, e.g. `https://api.openai.com`. */
  readonly origin: string;
  readonly connector: Connector;
  /** How long it is kept while it carries no request; less where the upstream says so. */
  readonly idleMs: number;
  /** Called once, when it has been closed by whomever. */
  readonly onClose: (connection: Connection) => void;
}

type ConnectDone = (...outcome: [null, Socket] | [Error, null]) => void;

const maxHeaderBytes = 65_536;
/** How much earlier than the upstream announces an idle connection is closed. */
const idleMarginMs = 1_000;

/** A connection that is made by its first request. It carries one at a time. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  #socket: Socket | undefined;
  #expectAnswer: (() => void) | undefined;
  #holdsProcess = true;
  #isClosed = false;
  /** Whether it has carried a request before the present one. */
  isReused = false;

  constructor(options: ConnectionOptions) {
    const { client, origin, idleMs } = options;
    this.#options = options;
    this.#client = new client(origin, {
      connect: (_, done) => this.#connect(done),
      allowH2: false,
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: idleMarginMs,
      // Time limits are the watchdog's.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Whether it can take a request, as far as is known here. */
  get isUsable(): boolean {
    return this.#socket !== undefined && !this.#isClosed && !this.#socket.destroyed;
  }

  /** How many bytes have come, from the beginning. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** Whether a part of the request has not left yet. */
  get hasUnsent(): boolean {
    return (this.#socket?.writableLength ?? 0) > 0;
  }

  /** Sends a request, once there is a connection. `handler` must not throw. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#expectAnswer?.();
    this.#client.dispatch(options, handler);
  }

  /** Calls `listener` when nothing is left to send; not at all when it is closed before. */
  onSent(listener: () => void): void {
    if (this.#socket?.writableNeedDrain) this.#socket.once("drain", listener);
    else listener();
  }

  /** Tells whether the process has to wait for the request that it carries. */
  holdProcess(hold: boolean): void {
    // undici lets go of idle connections and takes them up again, but sees no idle one where requests follow at once.
    if (!hold) this.#socket?.unref();
    else if (!this.#holdsProcess) this.#socket?.ref();
    this.#holdsProcess = hold;
  }

  /** Closes it at once. The handler of the request on it may be told or not. */
  destroy(): void {
    this.#socket?.destroy();
  }

  #connect(done: ConnectDone): void {
    if (this.#socket) {
      // It was closed between two requests, before the second was sent.
      done(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }), null);
      return;
    }
    const { connector, onClose } = this.#options;
    const socket = connector.connect();
    this.#socket = socket;
    this.#expectAnswer = skipContinue(socket);
    this.#expectAnswer();
    const onError = (error: Error): void => done(error, null);
    socket.once("error", onError);
    // There are moments in which nobody else listens.
    socket.on("error", () => {});
    socket.once(connector.readyEvent, () => {
      if (socket.destroyed) return;
      socket.off("error", onError);
      done(null, socket);
    });
    socket.once("close", () => {
      this.#isClosed = true;
      onClose(this);
    });
  }
}

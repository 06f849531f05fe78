/**
 * The connections to one origin that are kept for the next request.
 *
 * @module
 */

import type { Client } from "undici";
import type { BaseUrl } from "./base-url.ts";
import { Connection } from "./connection.ts";
import type { Connector } from "./connector.ts";

/** What a {@link ConnectionPool} is made from. */
export interface ConnectionPoolOptions {
  readonly baseUrl: BaseUrl;
  readonly connector: Connector;
}

/**
 * An uvicorn (vLLM and many others) closes an idle connection after 5 s without announcing it. Plain `http:`
 * upstreams are near and cheap to connect to; `https:` ones keep connections for minutes.
 */
const idleMs = { "http:": 4_000, "https:": 30_000 };

/** Hands out connections: the one that was used last, as it is the least likely to be closed soon. */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #origin: string;
  readonly #idle: Connection[] = [];
  #client: typeof Client | undefined;
  #isClosing = false;

  constructor(options: ConnectionPoolOptions) {
    const { protocol, host, port } = options.baseUrl;
    this.#options = options;
    this.#origin = `${protocol}//${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** An idle connection, or a new one. A promise the first time: undici takes 10 MB, which only those pay who call. */
  take(): Connection | Promise<Connection> {
    const idle = this.#idle.pop();
    if (!idle) return this.open();
    if (!idle.isUsable) return this.take();
    idle.isReused = true;
    return idle;
  }

  /** A new connection. */
  open(): Connection | Promise<Connection> {
    return this.#client ? this.#connectionOf(this.#client) : this.#load();
  }

  /** Gives a connection back whose request is over; only one that can take another is kept. */
  give(connection: Connection): void {
    if (this.#isClosing) connection.destroy();
    else if (connection.isUsable) this.#idle.push(connection);
  }

  /** Closes the connections that carry no request. */
  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Closes idle connections, and the others when they are given back. */
  close(): void {
    this.#isClosing = true;
    this.closeIdle();
  }

  async #load(): Promise<Connection> {
    const { default: client } = await import("undici/lib/dispatcher/client.js");
    this.#client = client;
    return this.#connectionOf(client);
  }

  #connectionOf(client: typeof Client): Connection {
    const { baseUrl, connector } = this.#options;
    return new Connection({
      client,
      origin: this.#origin,
      connector,
      idleMs: idleMs[baseUrl.protocol],
      onClose: (connection) => this.#forget(connection),
    });
  }

  #forget(connection: Connection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}

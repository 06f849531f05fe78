/**
 * A TCP proxy that breaks the network on demand. Put it between a client and a real server (a database, a
 * provider) to try what the client does when the network, not the server, fails.
 *
 * @module
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "@llmproxy/spec";
import { abortable } from "./abortable.ts";

/** How a fault proxy is made. */
export interface FaultProxyOptions {
  /** Where connections lead; `host` defaults to 127.0.0.1. */
  readonly target: { readonly host?: string; readonly port: number };
  /** What latency runs on; default the system's clock. */
  readonly clock?: Clock;
}

/** A running fault proxy; without faults it passes everything on, the end of each direction included. */
export interface FaultProxy extends AsyncDisposable {
  /** The port it listens on, on 127.0.0.1; the same after `refuse` and `resume`. */
  readonly port: number;
  /** How many connections were accepted so far. */
  readonly connections: number;
  /** How many of them are open. */
  readonly openConnections: number;
  /** How long each piece of data is held, in each direction, in order; default 0 ms. */
  latencyMs: number;
  /** Closes a connection once so many bytes of the target's have passed on it; never when undefined. */
  cutAfterBytes: number | undefined;
  /** Closes all present connections; new ones are accepted. */
  cut(): void;
  /** From now on no byte passes, in either direction; connections are still accepted and stay open. */
  stall(): void;
  /** From now on connections are refused; present ones stay. */
  refuse(): void;
  /** Lets bytes pass again, with what was held first, and accepts connections again. */
  resume(): Promise<void>;
  /** Closes all connections and stops listening. */
  close(): Promise<void>;
}

/** Starts a fault proxy on a free port of 127.0.0.1. */
export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new TcpFaultProxy(options);
  await proxy.resume();
  return proxy;
}

/** Both sides of one connection. */
interface Link {
  readonly client: Socket;
  readonly target: Socket;
  /** Ends what waits on behalf of the connection. */
  readonly gone: AbortController;
}

class TcpFaultProxy implements FaultProxy {
  port = 0;
  connections = 0;
  latencyMs = 0;
  cutAfterBytes: number | undefined;
  readonly #options: FaultProxyOptions;
  readonly #clock: Clock;
  readonly #links = new Set<Link>();
  #server: Server | undefined;
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get openConnections(): number {
    return this.#links.size;
  }

  cut(): void {
    for (const link of this.#links) this.#drop(link);
  }

  stall(): void {
    this.#gate ??= Promise.withResolvers();
  }

  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  async resume(): Promise<void> {
    this.#gate?.resolve();
    this.#gate = undefined;
    if (this.#server) return;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.refuse();
    const closed = server && once(server, "close");
    this.cut();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    this.connections++;
    const { host = "127.0.0.1", port } = this.#options.target;
    const target = connect({ host, port, allowHalfOpen: true });
    const link = { client, target, gone: new AbortController() };
    this.#links.add(link);
    for (const socket of [client, target])
      socket.on("error", () => this.#drop(link)).on("close", () => this.#closed(link));
    void this.#pass(link, client, target, () => Number.POSITIVE_INFINITY);
    void this.#pass(link, target, client, () => this.cutAfterBytes ?? Number.POSITIVE_INFINITY);
  }

  async #pass(link: Link, from: Socket, to: Socket, limit: () => number): Promise<void> {
    let passedBytes = 0;
    try {
      // Iterating a socket to its end would close its other direction too.
      for await (const piece of from.iterator({ destroyOnReturn: false })) {
        await this.#hold(link.gone.signal);
        const bytes = (piece as Buffer).subarray(0, limit() - passedBytes);
        passedBytes += bytes.length;
        await write(to, bytes, link.gone.signal);
        if (passedBytes >= limit()) return this.#drop(link);
      }
      await this.#hold(link.gone.signal);
      to.end();
    } catch {
      // A connection broke: what one side sees, the other is to see.
      this.#drop(link);
    }
  }

  async #hold(signal: AbortSignal): Promise<void> {
    if (this.latencyMs > 0) await this.#clock.sleep(this.latencyMs, signal);
    while (this.#gate) await abortable(this.#gate.promise, signal);
  }

  #drop(link: Link): void {
    link.gone.abort(new Error("the connection was cut"));
    link.client.destroy();
    link.target.destroy();
  }

  #closed(link: Link): void {
    if (link.client.closed && link.target.closed) this.#links.delete(link);
  }
}

async function write(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  if (bytes.length === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  await abortable(promise, signal);
}

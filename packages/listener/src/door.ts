/**
 * The port: lets connections in and finds out what they speak.
 *
 * @module
 */

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock, Logger } from "@llmproxy/spec";
import type { Connections } from "./connections.ts";
import { awaitFirstBytes, type FirstBytes } from "./first-bytes.ts";
import type { ListenerLimits } from "./limits.ts";
import { type ListenAddress, startError } from "./start-error.ts";

/** Why a connection is not served. */
export type DoorRefusal =
  | "accept_failed"
  | "first_byte_timeout"
  | "max_connections"
  | "max_connections_per_ip"
  | "tls";

/** What a door works with. */
export interface DoorOptions {
  /** Counts who is in. */
  readonly connections: Connections;
  /** Takes over a connection whose protocol is known; all bytes are still to be read. */
  readonly accept: Readonly<Record<"http1" | "http2", (socket: Socket) => void>>;
  /** Source of the deadline of the first bytes. */
  readonly clock: Clock;
  /** How many may come in, and how long they may hesitate. */
  readonly limits: Pick<ListenerLimits, "maxConnections" | "firstByteTimeoutMs">;
  /** Told when connections cannot be accepted. */
  readonly logger: Logger;
  /** Told when a connection is turned away. */
  readonly onRefused: (reason: DoorRefusal) => void;
}

// RFC 1122 §4.2.3.6 asks for two hours; a client behind a dead link would hold its place that long.
const tcpKeepAliveDelayMs = 60_000;

const acceptFailureLogIntervalMs = 10_000;

/** The port of one listener. */
export class Door {
  /** Accepts the connections; emits `error` when it cannot. */
  readonly server: Server;
  readonly #options: DoorOptions;
  readonly #closed: Promise<void>;
  #lastFailureLogMs = Number.NEGATIVE_INFINITY;

  /** @param options - what to work with */
  constructor(options: DoorOptions) {
    this.#options = options;
    this.server = createServer({
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: tcpKeepAliveDelayMs,
    });
    this.server.maxConnections = options.limits.maxConnections;
    this.server.on("connection", (socket) => this.#admit(socket));
    this.#closed = new Promise((resolve) => this.server.once("close", resolve));
    this.server.on("drop", () => options.onRefused("max_connections"));
  }

  /**
   * Opens the door.
   *
   * @returns the address that connections are accepted on
   * @throws `ProxyError` with code `conflict` when the port is in use, `permission_denied` when this user may not listen
   *   on it, `invalid_request` when host or port make no sense, `unavailable` for any other reason
   */
  async open(address: ListenAddress): Promise<ListenAddress> {
    try {
      this.server.listen(address);
      await once(this.server, "listening");
    } catch (error) {
      throw startError(error, address);
    }
    this.server.on("error", (error) => this.#noteAcceptFailure(error));
    const bound = this.server.address();
    if (bound === null || typeof bound === "string") throw startError(undefined, address);
    return { host: bound.address, port: bound.port };
  }

  /** Lets nobody in any more; who is in stays. */
  close(): void {
    this.server.close();
  }

  /** Resolves when the door is closed and nobody is in any more. */
  whenClosed(): Promise<void> {
    return this.#closed;
  }

  #admit(socket: Socket): void {
    // Whoever serves the connection sees its end; without a listener an error would end the process.
    socket.on("error", (error) => this.#options.logger.debug({ error }, "connection failed"));
    const { connections, clock, limits, onRefused } = this.#options;
    if (!connections.add(socket)) {
      onRefused("max_connections_per_ip");
      socket.destroy();
      return;
    }
    awaitFirstBytes(socket, {
      clock,
      timeoutMs: limits.firstByteTimeoutMs,
      onResult: (result) => this.#handOver(socket, result),
    });
  }

  #handOver(socket: Socket, result: FirstBytes): void {
    const { accept, connections, onRefused } = this.#options;
    if (result === "http1" || result === "http2") {
      connections.setProtocol(socket, result);
      accept[result](socket);
      return;
    }
    if (result === "timeout") onRefused("first_byte_timeout");
    if (result === "tls") onRefused("tls");
    socket.destroy();
  }

  /**
   * Accepting fails when the process has no file descriptors left. libuv then turns new connections away
   * until there are some again, so that nothing is to be done but to say so, and not too often.
   */
  #noteAcceptFailure(error: Error): void {
    const { clock, logger, onRefused } = this.#options;
    onRefused("accept_failed");
    const nowMs = clock.monotonic();
    if (nowMs - this.#lastFailureLogMs < acceptFailureLogIntervalMs) return;
    this.#lastFailureLogMs = nowMs;
    logger.warn({ error }, "connections cannot be accepted");
  }
}

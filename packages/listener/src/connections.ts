/**
 * Every open connection of a listener, counted.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Gauge } from "@llmproxy/spec";
import type { Protocol } from "./protocol.ts";

/** What the connections are counted with. */
export interface ConnectionsOptions {
  /** How many one IP address may have open; loopback addresses are exempt. */
  readonly maxPerIp: number;
  /** Number of open connections by `protocol`, which is `unknown` before the first bytes. */
  readonly gauge: Gauge;
}

/** The open connections, each from its arrival to its `close` event. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #protocols = new Map<Socket, Protocol | "unknown">();
  readonly #perIp = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];

  /** @param options - what to count with */
  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#protocols.size;
  }

  /**
   * Takes a connection in.
   *
   * @returns false when its address has as many as it may have; it is not counted then
   */
  add(socket: Socket): boolean {
    const address = socket.remoteAddress ?? "";
    const count = this.#perIp.get(address) ?? 0;
    if (count >= this.#options.maxPerIp && !isLoopback(address)) return false;
    this.#perIp.set(address, count + 1);
    this.#protocols.set(socket, "unknown");
    this.#options.gauge.add({ protocol: "unknown" }, 1);
    socket.once("close", () => this.#remove(socket, address));
    return true;
  }

  /** Notes what a connection turned out to speak. */
  setProtocol(socket: Socket, protocol: Protocol): void {
    const before = this.#protocols.get(socket);
    if (before === undefined) return;
    this.#protocols.set(socket, protocol);
    this.#options.gauge.add({ protocol: before }, -1);
    this.#options.gauge.add({ protocol }, 1);
  }

  /** Closes those that have not said yet what they speak: nothing of theirs can get lost. */
  destroyUnknown(): void {
    for (const [socket, protocol] of this.#protocols) if (protocol === "unknown") socket.destroy();
  }

  /** Closes all, whatever they are doing. */
  destroyAll(): void {
    for (const socket of this.#protocols.keys()) socket.destroy();
  }

  /** Resolves as soon as none is open. */
  whenEmpty(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #remove(socket: Socket, address: string): void {
    const protocol = this.#protocols.get(socket);
    if (protocol === undefined) return;
    this.#protocols.delete(socket);
    this.#options.gauge.add({ protocol }, -1);
    const count = (this.#perIp.get(address) ?? 0) - 1;
    if (count > 0) this.#perIp.set(address, count);
    else this.#perIp.delete(address);
    if (this.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Whether an address as sockets give it, IPv4 perhaps mapped into IPv6, is this machine's own. */
function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./i.test(address);
}

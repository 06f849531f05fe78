/**
 * The end of a listener: gently, or at once.
 *
 * @module
 */

import type { Clock } from "@llmproxy/spec";
import type { Connections } from "./connections.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Door } from "./door.ts";
import type { Http1 } from "./http1.ts";
import type { Http2OnDemand } from "./http2-on-demand.ts";

/** How long a drain may take. */
export interface DrainOptions {
  /**
   * How long connections are still accepted, in milliseconds, so that load balancers can learn that they are
   * not to come here any more; 0 or more.
   */
  readonly delayMs: number;
  /** How long running requests may take after that, in milliseconds; 0 or more. */
  readonly timeoutMs: number;
}

/** What a listener is made of. */
export interface ShutdownOptions {
  /** Source of time. */
  readonly clock: Clock;
  /** What has to end. */
  readonly connections: Connections;
  /** Knows what is running. */
  readonly dispatcher: Dispatcher;
  /** Where connections come from. */
  readonly door: Door;
  /** One of the two protocols. */
  readonly http1: Http1;
  /** The other one. */
  readonly http2: Http2OnDemand;
}

// A connection becomes idle when its answer has been read; there is no event for it.
const idleCheckIntervalMs = 50;

/** Ends a listener once, whoever asks and how often. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #hurry = new AbortController();
  #drained: Promise<{ readonly aborted: number }> | undefined;
  #closed: Promise<void> | undefined;
  #aborted = 0;

  /** @param options - what the listener is made of */
  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Ends service without breaking anything off; see `Listener.drain`. */
  drain(options: DrainOptions): Promise<{ readonly aborted: number }> {
    this.#drained ??= this.#closed === undefined ? this.#drain(options) : Promise.resolve({ aborted: 0 });
    return this.#drained;
  }

  /** Destroys all connections at once; see `Listener.close`. */
  close(): Promise<void> {
    this.#hurry.abort();
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #drain({ delayMs, timeoutMs }: DrainOptions): Promise<{ readonly aborted: number }> {
    const { connections, dispatcher, door, http2 } = this.#options;
    dispatcher.startDraining();
    if (delayMs > 0) await this.#pause(delayMs, this.#hurry.signal);
    door.close();
    connections.destroyUnknown();
    http2.retire();
    await this.#awaitConnections(timeoutMs);
    await this.close();
    return { aborted: this.#aborted };
  }

  /** Waits until all connections are closed, at most `timeoutMs`. */
  async #awaitConnections(timeoutMs: number): Promise<void> {
    const { clock, connections, http1 } = this.#options;
    const emptied = new AbortController();
    void connections.whenEmpty().then(() => emptied.abort());
    const signal = AbortSignal.any([this.#hurry.signal, emptied.signal]);
    const deadlineMs = clock.monotonic() + timeoutMs;
    for (let leftMs = timeoutMs; leftMs > 0 && !signal.aborted; leftMs = deadlineMs - clock.monotonic()) {
      http1.closeIdle();
      await this.#pause(Math.min(leftMs, idleCheckIntervalMs), signal);
    }
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(delayMs, signal);
    } catch {
      // The signal says that there is nothing left to wait for.
    }
  }

  async #close(): Promise<void> {
    const { connections, dispatcher, door, http1 } = this.#options;
    this.#aborted = dispatcher.running;
    door.close();
    connections.destroyAll();
    http1.close();
    await Promise.all([door.whenClosed(), connections.whenEmpty()]);
  }
}

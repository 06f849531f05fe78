/**
 * Keeps a worker running.
 *
 * @module
 */

import { type Clock, type Counter, type Logger, type Meter, ProxyError, type Timer } from "@llmproxy/spec";
import type { StoreRequest, WorkerConnection } from "./worker-connection.ts";

/** What a supervisor needs. */
export interface SuperviseWorkerOptions {
  /** Starts a worker and waits until its database is open. */
  connect(): Promise<WorkerConnection>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** A worker that comes back when it dies. */
export interface SupervisedWorker {
  /** Asks the worker. @throws `unavailable` while there is none */
  readonly request: StoreRequest;
  /** Closes the worker for good; one that is being started too. */
  close(): Promise<void>;
}

const minRestartMs = 100;
const maxRestartMs = 10_000;
/** A worker that lived this long has recovered: its death is a new trouble, not the old one. */
const soundLifeMs = 60_000;

/** Takes over a worker that runs and starts another, with growing delays, whenever one dies. */
export function superviseWorker(first: WorkerConnection, options: SuperviseWorkerOptions): SupervisedWorker {
  return new Supervisor(first, options);
}

class Supervisor implements SupervisedWorker {
  readonly #options: SuperviseWorkerOptions;
  readonly #restarts: Counter;
  #current: WorkerConnection | undefined;
  #connectedMs = 0;
  #restartMs = minRestartMs;
  #timer: Timer | undefined;
  #starting: Promise<void> | undefined;
  #closed = false;

  constructor(first: WorkerConnection, options: SuperviseWorkerOptions) {
    this.#options = options;
    this.#restarts = options.meter.counter({
      name: "llmproxy_store_restarts_total",
      help: "Times the worker of the store died and another was started.",
    });
    this.#adopt(first);
  }

  readonly request: StoreRequest = (method, input) =>
    this.#current?.request(method, input) ??
    Promise.reject(
      new ProxyError("unavailable", "the store is being restarted", { retryAfterMs: this.#restartMs }),
    );

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#starting;
    await this.#current?.close();
  }

  #adopt(connection: WorkerConnection): void {
    this.#current = connection;
    this.#connectedMs = this.#options.clock.monotonic();
    void connection.ended.then((error) => this.#onEnd(error));
  }

  #onEnd(error: unknown): void {
    this.#current = undefined;
    if (this.#closed) return;
    if (this.#options.clock.monotonic() - this.#connectedMs >= soundLifeMs) this.#restartMs = minRestartMs;
    this.#restartLater(error, "the worker of the store died");
  }

  #restartLater(error: unknown, message: string): void {
    const { clock, logger } = this.#options;
    logger.error({ error, restartMs: this.#restartMs }, message);
    this.#timer = clock.schedule(this.#restartMs, () => {
      this.#starting = this.#restart();
    });
    this.#restartMs = Math.min(this.#restartMs * 2, maxRestartMs);
  }

  async #restart(): Promise<void> {
    const { connect, logger } = this.#options;
    this.#restarts.add({});
    try {
      this.#adopt(await connect());
      logger.info({}, "the worker of the store runs again");
    } catch (error) {
      if (!this.#closed) this.#restartLater(error, "the worker of the store did not start");
    }
  }
}

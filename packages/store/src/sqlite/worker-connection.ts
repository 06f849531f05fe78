/**
 * The main thread's side of one worker, from its start to its end.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { type Clock, ProxyError } from "@llmproxy/spec";
import type { MigrationStatus } from "../migrations/status.ts";
import {
  type FromWorker,
  fromWireError,
  type StoreMethod,
  type StoreMethods,
  type ToWorker,
  type WorkerStart,
} from "./protocol.ts";

/** Asks the store's worker. */
export type StoreRequest = <Method extends StoreMethod>(
  method: Method,
  input: StoreMethods[Method]["input"],
) => Promise<StoreMethods[Method]["output"]>;

/** A worker that has its database open. */
export interface WorkerConnection {
  /** The migrations of its database. */
  readonly migrations: MigrationStatus;
  /**
   * Asks the worker. While it works on requests it keeps the process alive, otherwise not.
   *
   * @throws `unavailable` when too many requests wait, or the worker ends before it answers
   */
  readonly request: StoreRequest;
  /** Resolves when the worker has ended, with what it died of, if it did. Never rejects. */
  readonly ended: Promise<unknown>;
  /** Lets it finish what was asked and close the database; ends it after 10 s. */
  close(): Promise<void>;
}

/** What to start. */
export interface ConnectWorkerOptions {
  /** The worker's entry. */
  readonly url: URL;
  readonly start: WorkerStart;
  readonly clock: Clock;
}

interface Pending {
  readonly resolve: (output: never) => void;
  readonly reject: (error: ProxyError) => void;
}

/** More waiting requests than this mean that the worker does not keep up; their callers would only time out. */
const maxPending = 1_000;
const closeTimeoutMs = 10_000;

/**
 * Starts a worker and waits until its database is open.
 *
 * @throws `unavailable` when the database cannot be opened or the worker not be started
 * @throws `invalid_request` (field `to`) when there is no such migration
 */
export async function connectWorker(options: ConnectWorkerOptions): Promise<WorkerConnection> {
  const client = new WorkerClient(startWorker(options), options.clock);
  const migrations = await client.ready;
  return { migrations, request: client.request, ended: client.ended, close: () => client.close() };
}

function startWorker({ url, start }: ConnectWorkerOptions): Worker {
  return new Worker(url, {
    name: start.purpose,
    workerData: start,
    // The worker needs nothing of it, and there are secrets in it.
    env: {},
    // From sources, the worker must find the sources of other packages.
    ...(url.pathname.endsWith(".ts") && { execArgv: ["--conditions=@llmproxy/source"] }),
  });
}

class WorkerClient {
  readonly ready: Promise<MigrationStatus>;
  readonly ended: Promise<unknown>;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #hasEnded = false;

  constructor(worker: Worker, clock: Clock) {
    this.#worker = worker;
    this.#clock = clock;
    const ready = Promise.withResolvers<MigrationStatus>();
    const ended = Promise.withResolvers<unknown>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      this.#onEnd(cause);
      ready.reject(
        new ProxyError("unavailable", "the worker of the store ended while it started", { cause }),
      );
      ended.resolve(cause);
    });
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "ready") ready.resolve(message.migrations);
      else if (message.kind === "failed") ready.reject(fromWireError(message.error));
      else this.#onAnswer(message);
      this.#keepAliveWhileBusy();
    });
  }

  readonly request: StoreRequest = (method, input) =>
    new Promise((resolve, reject) => {
      if (this.#hasEnded) throw new ProxyError("unavailable", "the store has ended");
      if (this.#pending.size >= maxPending)
        throw new ProxyError("unavailable", "the store has too much to do", { retryAfterMs: 1_000 });
      const id = ++this.#lastId;
      this.#send({ kind: "request", id, method, input });
      this.#pending.set(id, { resolve, reject });
      this.#keepAliveWhileBusy();
    });

  async close(): Promise<void> {
    if (!this.#hasEnded) this.#send({ kind: "close" });
    this.#worker.ref();
    const timeout = this.#clock.schedule(closeTimeoutMs, () => void this.#worker.terminate());
    await this.ended;
    timeout.cancel();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #onAnswer(message: Extract<FromWorker, { kind: "reply" | "refusal" }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === "refusal") pending?.reject(fromWireError(message.error));
    // The protocol ties a reply to its request by id only; that the types agree is what `StoreFunctions` checks.
    else pending?.resolve(message.output as never);
  }

  #onEnd(cause: unknown): void {
    this.#hasEnded = true;
    for (const { reject } of this.#pending.values())
      reject(new ProxyError("unavailable", "the store ended before it answered", { cause }));
    this.#pending.clear();
  }

  #keepAliveWhileBusy(): void {
    if (this.#pending.size > 0) this.#worker.ref();
    else this.#worker.unref();
  }
}

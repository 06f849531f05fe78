/**
 * The queue between calls that end and a store that writes.
 *
 * Records are gathered for a moment and committed as a group, because a commit costs a sync of the disk whatever
 * its size. A record stays in the queue until its group is committed: when the store cannot write, or its worker
 * dies with the answer under way, the group is sent again, and the store leaves out what it has.
 *
 * @module
 */

import {
  type CallRecord,
  type Clock,
  type Logger,
  ProxyError,
  type Timer,
  type UsageJournal,
} from "@llmproxy/spec";
import { storeClosed } from "../store-errors.ts";
import type { DropReport } from "./drop-report.ts";
import { keepAlive } from "./keep-alive.ts";

/** What a journal needs. */
export interface JournalOptions {
  /**
   * Makes records durable, all or none of them; a record whose id is there already is left out.
   *
   * @throws `unavailable` when it may succeed later; anything else is taken to mean that the group holds a record that
   *   cannot be stored, and costs that record
   */
  commit(records: readonly CallRecord[]): Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly drops: DropReport;
  /** How many records may wait, those being committed included. */
  readonly maxRecords: number;
}

/** A journal with an end. */
export interface Journal extends UsageJournal {
  /** Why the last commit failed; undefined when it did not. */
  failure(): ProxyError | undefined;
  /** Takes nothing more and writes what waits, for at most 5 s; then drops it. */
  close(): Promise<void>;
}

/** Makes an empty journal. */
export function createJournal(options: JournalOptions): Journal {
  return new QueueJournal(options);
}

/** A record is gathered with others for this long: with a commit of a few milliseconds, well within 50 ms. */
const gatherMs = 20;
/** The most records in one commit: a few milliseconds of the worker's time. */
const maxGroupSize = 1_000;
const minRetryMs = 100;
const maxRetryMs = 5_000;
const closeTimeoutMs = 5_000;

interface Waiter {
  /** Count of records, from the first ever appended, that must have left the queue. */
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: ProxyError) => void;
}

class QueueJournal implements Journal {
  readonly #options: JournalOptions;
  /** Oldest first; those being committed are at the front. */
  readonly #queue: CallRecord[] = [];
  /** How many records have left the queue. */
  #settled = 0;
  #waiters: Waiter[] = [];
  #timer: Timer | undefined;
  #running = false;
  #groupSize = maxGroupSize;
  #retryMs = minRetryMs;
  #failure: ProxyError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  append(record: CallRecord): void {
    const { clock, drops, maxRecords } = this.#options;
    if (this.#closing !== undefined) {
      drops.add("closed");
      return;
    }
    if (this.#queue.length >= maxRecords) {
      drops.add("full");
      return;
    }
    this.#queue.push(record);
    if (!this.#running) this.#timer ??= clock.schedule(gatherMs, this.#run);
  }

  flush(): Promise<void> {
    return this.#closing === undefined ? this.#settleAll() : Promise.reject(storeClosed());
  }

  failure(): ProxyError | undefined {
    return this.#failure;
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    const timeout = this.#options.clock.schedule(closeTimeoutMs, () => this.#giveUp());
    // Whether it was written or given up, it is over; what was lost has been reported.
    await this.#settleAll().catch(() => {});
    timeout.cancel();
    this.#timer?.cancel();
    this.#options.drops.flush();
  }

  #giveUp(): void {
    const lost = this.#queue.splice(0).length;
    this.#options.drops.add("unwritten", lost);
    for (const { reject } of this.#waiters.splice(0))
      reject(
        new ProxyError("unavailable", "the store was closed before it could write", { cause: this.#failure }),
      );
  }

  async #settleAll(): Promise<void> {
    if (this.#queue.length === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ upTo: this.#settled + this.#queue.length, resolve, reject });
    void this.#run();
    const letGo = keepAlive();
    await promise.finally(letGo);
  }

  /** Commits what waits, then goes to sleep; never rejects. */
  readonly #run = async (): Promise<void> => {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#running) return;
    this.#running = true;
    do await this.#commitGroup();
    while (this.#isUrgent());
    this.#running = false;
    if (this.#queue.length > 0)
      this.#timer = this.#options.clock.schedule(this.#failure ? this.#retryMs : gatherMs, this.#run);
  };

  /** Whether to commit again at once rather than gather, or wait until the store may have recovered. */
  #isUrgent(): boolean {
    if (this.#failure !== undefined || this.#queue.length === 0) return false;
    return this.#waiters.length > 0 || this.#queue.length >= this.#groupSize;
  }

  async #commitGroup(): Promise<void> {
    const group = this.#queue.slice(0, this.#groupSize);
    try {
      await this.#options.commit(group);
      this.#onCommitted(group.length);
    } catch (error) {
      const failure = ProxyError.from(error);
      if (failure.code === "unavailable") this.#onUnavailable(failure);
      else this.#onRejected(group, failure);
    }
  }

  #onCommitted(count: number): void {
    if (this.#failure !== undefined)
      this.#options.logger.info({ waiting: this.#queue.length }, "records of calls are written again");
    this.#failure = undefined;
    this.#retryMs = minRetryMs;
    this.#groupSize = Math.min(this.#groupSize * 2, maxGroupSize);
    this.#settle(count);
  }

  #onUnavailable(error: ProxyError): void {
    if (this.#failure !== undefined) this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs);
    this.#failure = error;
    const { logger } = this.#options;
    logger.warn(
      { error, waiting: this.#queue.length, retryMs: this.#retryMs },
      "records of calls wait to be written",
    );
  }

  /** Finds the record that cannot be stored by halving its group, so that it takes none with it. */
  #onRejected(group: readonly CallRecord[], error: ProxyError): void {
    this.#failure = undefined;
    if (group.length > 1) {
      this.#groupSize = Math.ceil(group.length / 2);
      return;
    }
    const { drops, logger } = this.#options;
    logger.debug({ error, recordId: group[0]?.recordId }, "a record of a call cannot be stored");
    drops.add("rejected");
    this.#settle(1);
  }

  #settle(count: number): void {
    this.#queue.splice(0, count);
    this.#settled += count;
    const settled = this.#waiters.filter(({ upTo }) => upTo <= this.#settled);
    this.#waiters = this.#waiters.filter(({ upTo }) => upTo > this.#settled);
    for (const { resolve } of settled) resolve();
  }
}

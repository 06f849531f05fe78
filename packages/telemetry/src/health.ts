/**
 * Whether the process can serve: named checks that run by themselves, and whether it is shutting down.
 *
 * @module
 */

import {
  type Clock,
  type Health,
  type HealthCheckResult,
  type HealthStatus,
  type Logger,
  ProxyError,
  silentLogger,
  systemClock,
  type Timer,
} from "@llmproxy/spec";

/** Resolves when what it checks works, and rejects when not. It must heed its signal, which aborts on a timeout. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void;

/** When a check runs. */
export interface HealthCheckOptions {
  /** From the end of one run to the begin of the next. */
  readonly intervalMs: number;
  /** How long a run may take; beyond it counts as failed. */
  readonly timeoutMs: number;
}

/** How health is made. */
export interface HealthOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** Told when a check begins to fail, with its reason, and when it works again. */
  readonly logger?: Logger;
}

/** Health, and the ways to influence it. */
export interface ManagedHealth extends Health {
  /**
   * Adds a check and runs it at once. Until its first result it counts as failed.
   *
   * @throws Error when there is a check of that name
   */
  register(name: string, check: HealthCheck, options: HealthCheckOptions): void;
  /** Resolves when every check has a result. */
  settled(): Promise<void>;
  /** From now on not ready, whatever the checks say: the process stops serving. */
  startDraining(): void;
  /** Stops all checks; from then on not ready. */
  close(): void;
}

interface Entry {
  readonly name: string;
  readonly check: HealthCheck;
  readonly options: HealthCheckOptions;
  result: HealthCheckResult;
  next?: Timer;
}

/** Makes the health of a process: ready as long as no check fails and no shutdown has begun. */
export function createHealth({
  clock = systemClock,
  logger = silentLogger,
}: HealthOptions = {}): ManagedHealth {
  return new CheckedHealth(clock, logger);
}

class CheckedHealth implements ManagedHealth {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(status: HealthStatus) => void>();
  readonly #closing = new AbortController();
  readonly #first = new Set<Promise<void>>();
  #isDraining = false;
  #wasReady = true;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  status(): HealthStatus {
    const checks = [...this.#entries.values()].map(({ result }) => result);
    return { ready: !this.#isDraining && checks.every(({ healthy }) => healthy), checks };
  }

  onChange(listener: (status: HealthStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  register(name: string, check: HealthCheck, options: HealthCheckOptions): void {
    if (this.#entries.has(name)) throw new Error(`there is already a health check named ${name}`);
    const result = { name, healthy: false, message: "not checked yet" };
    const entry = { name, check, options, result };
    this.#entries.set(name, entry);
    this.#tell();
    const run = this.#run(entry);
    this.#first.add(run);
    void run.then(() => this.#first.delete(run));
  }

  async settled(): Promise<void> {
    await Promise.all(this.#first);
  }

  startDraining(): void {
    this.#isDraining = true;
    this.#tell();
  }

  close(): void {
    this.#closing.abort(new Error("health checks are stopped"));
    for (const { next } of this.#entries.values()) next?.cancel();
    this.startDraining();
    this.#listeners.clear();
  }

  async #run(entry: Entry): Promise<void> {
    const failure = await this.#failureOf(entry);
    if (this.#closing.signal.aborted) return;
    this.#record(entry, failure);
    entry.next = this.#clock.schedule(entry.options.intervalMs, () => void this.#run(entry));
  }

  /** Runs a check once; what it throws, or undefined when all is well. */
  async #failureOf({ check, options }: Entry): Promise<unknown> {
    const timeout = new AbortController();
    const timer = this.#clock.schedule(options.timeoutMs, () =>
      timeout.abort(new ProxyError("deadline_exceeded", `did not answer within ${options.timeoutMs} ms`)),
    );
    const signal = AbortSignal.any([timeout.signal, this.#closing.signal]);
    try {
      await untilAborted(check, signal);
      return undefined;
    } catch (error) {
      return error ?? new Error("rejected without a reason");
    } finally {
      timer.cancel();
    }
  }

  #record(entry: Entry, failure: unknown): void {
    const { name, result } = entry;
    const isFirst = result.message === "not checked yet";
    if (failure === undefined) {
      if (!result.healthy && !isFirst) this.#logger.info({ check: name }, "health check works again");
      entry.result = { name, healthy: true };
    } else {
      if (result.healthy || isFirst) this.#logger.warn({ check: name, error: failure }, "health check fails");
      entry.result = { name, healthy: false, message: safeMessage(failure) };
    }
    this.#tell();
  }

  #tell(): void {
    const status = this.status();
    if (status.ready === this.#wasReady) return;
    this.#wasReady = status.ready;
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch (error) {
        this.#logger.error({ error }, "a listener of health changes failed");
      }
    }
  }
}

/** The messages of our own errors are written to be shown; others may name hosts and accounts. */
function safeMessage(failure: unknown): string {
  return ProxyError.is(failure) ? failure.message : "failed";
}

/** Does not wait for a check that fails to heed its signal. */
async function untilAborted(check: HealthCheck, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([check(signal), promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

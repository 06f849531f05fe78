/**
 * Keeps the configuration of a running server up to date.
 *
 * Files are polled by content. What they say becomes effective as a whole or not at all: it must be valid, and
 * everybody who uses the configuration must accept it; otherwise the last good one stays. Settings that need a
 * restart keep their values until then.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import { type Clock, type Logger, ProxyError, silentLogger, systemClock, type Timer } from "@llmproxy/spec";
import { loadedOf } from "../load.ts";
import { formatPath, isWithin, type Path } from "../path.ts";
import { redactAt } from "../redact.ts";
import { type Config, configSchema } from "../schema/config.ts";
import { listSettings, type Setting } from "../settings.ts";
import { makeSnapshot, type Snapshot } from "../snapshot.ts";
import type { ConfigInput } from "../sources/flags.ts";
import type { Patch } from "../sources/layer.ts";
import { addPatches, overrideLayer } from "../sources/overrides.ts";
import { readSystemFile } from "../sources/read-file.ts";
import { readSources, type SourceOptions, type Sources } from "../sources/read-sources.ts";
import { ConfigError, type Violation } from "../violation.ts";
import { type AcceptedChange, type ConfigApplier, offerChange } from "./appliers.ts";
import { changedPaths, compose, type PendingChange, pendingChanges, restartChanges } from "./changes.ts";
import type { LiveConfig, Override, RefusedChange, ReloadResult, WatchConfigOptions } from "./live-config.ts";
import { isSameObservation, type Observation, observeAgain, observeFiles } from "./observed-files.ts";
import { readOverride, settingPath } from "./override-input.ts";
import { deriveSnapshot } from "./scoped.ts";

const defaultIntervalMs = 1_000;
const defaultSettleMs = 100;

/** How long everybody together may take to prepare a change. */
const maxPrepareMs = 30_000;

/** A file that never stands still is read as it is after so many looks. */
const maxLooks = 20;

/**
 * Loads the configuration and watches what it was loaded from.
 *
 * @throws {ConfigError} with everything that is wrong; nothing is watched then
 *
 * @example
 * ```ts
 * import { watchConfig } from "@llmproxy/config";
 *
 * const live = await watchConfig({ directory: "/etc/llmproxy", environment: {} });
 * live.onChange(({ next, changed }) => {
 *   console.log(changed); // ["telemetry.log.level"]
 *   return { commit: () => console.log(next.telemetry.log.level) };
 * });
 * await live.set("telemetry.log.level", "debug");
 * live.current().telemetry.log.level; // "debug"
 * await live.close();
 * ```
 */
export async function watchConfig(options: WatchConfigOptions): Promise<LiveConfig> {
  const given = { ...options, readFile: options.readFile ?? readSystemFile };
  const observer = observeFiles(given.readFile);
  const observing = { ...given, readFile: observer.readFile };
  const sources = await readSources(observing);
  const snapshot = await makeSnapshot(sources, observing);
  return new ConfigWatcher({ ...options, ...given }, { sources, snapshot, seen: observer.seen });
}

/** What is good: sources that were accepted, with the overrides over them. */
interface Accepted {
  readonly sources: Sources;
  readonly patches: readonly Patch[];
}

class ConfigWatcher implements LiveConfig {
  readonly #options: SourceOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #settleMs: number;
  readonly #appliers = new Set<ConfigApplier>();
  readonly #scope = new AsyncLocalStorage<Snapshot | undefined>();
  readonly #derived = new WeakMap<ConfigInput, { readonly base: Snapshot; readonly snapshot: Snapshot }>();
  readonly #closing = new AbortController();
  #accepted: Accepted;
  #running: Snapshot;
  #pending: readonly PendingChange[] = [];
  #refused: RefusedChange | undefined;
  #seen: Observation;
  #timer: Timer | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    options: WatchConfigOptions & SourceOptions,
    start: { readonly sources: Sources; readonly snapshot: Snapshot; readonly seen: Observation },
  ) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#intervalMs = options.intervalMs ?? defaultIntervalMs;
    this.#settleMs = options.settleMs ?? defaultSettleMs;
    this.#accepted = { sources: start.sources, patches: [] };
    this.#running = start.snapshot;
    this.#seen = start.seen;
    this.#wait();
  }

  current(): Config {
    return this.#snapshot().config;
  }

  loaded() {
    return loadedOf(this.#snapshot());
  }

  settings(): readonly Setting[] {
    return listSettings(this.#running, this.#pending);
  }

  pending(): readonly PendingChange[] {
    return this.#pending;
  }

  refused(): RefusedChange | undefined {
    return this.#refused;
  }

  overrides(): readonly Override[] {
    return this.#accepted.patches.map(({ path, value }) => ({
      path: formatPath(path),
      value: redactAt(value, path, configSchema),
    }));
  }

  onChange(applier: ConfigApplier): () => void {
    this.#appliers.add(applier);
    return () => void this.#appliers.delete(applier);
  }

  reload(): Promise<ReloadResult> {
    return this.#inTurn(() => this.#read());
  }

  async set(path: string, value: unknown): Promise<ReloadResult> {
    const patches = readOverride(settingPath(path), value, this.#file());
    return this.#inTurn(() => this.#override(addPatches(this.#accepted.patches, patches, configSchema)));
  }

  async unset(path: string): Promise<ReloadResult> {
    const at = settingPath(path);
    return this.#inTurn(() => this.#override(this.#withoutPatches(at)));
  }

  withOverrides<T>(partial: ConfigInput, fn: () => T): T {
    const base = this.#snapshot();
    const known = this.#derived.get(partial);
    if (known?.base === base) return this.#scope.run(known.snapshot, fn);
    const { environment } = this.#options;
    const snapshot = deriveSnapshot(base, partial, { environment, file: this.#file() });
    this.#derived.set(partial, { base, snapshot });
    return this.#scope.run(snapshot, fn);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    await this.#last;
  }

  #snapshot(): Snapshot {
    return this.#scope.getStore() ?? this.#running;
  }

  #file(): string {
    return this.#running.file ?? join(this.#options.directory, "llmproxy.yaml");
  }

  #wait(): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#clock.schedule(this.#intervalMs, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        if (await this.#hasChanged()) await this.#read();
      });
    } catch (error) {
      if (!this.#closing.signal.aborted)
        this.#logger.error({ error }, "the configuration could not be watched");
    }
    this.#wait();
  }

  /** Waits until what has changed stands still: whoever writes a file may be in the middle of it. */
  async #hasChanged(): Promise<boolean> {
    let look = await observeAgain(this.#seen, this.#options.readFile);
    if (isSameObservation(look, this.#seen)) return false;
    for (let looks = 1; looks < maxLooks; looks += 1) {
      await this.#clock.sleep(this.#settleMs, this.#closing.signal);
      const next = await observeAgain(this.#seen, this.#options.readFile);
      if (isSameObservation(next, look)) break;
      look = next;
    }
    return !isSameObservation(look, this.#seen);
  }

  async #read(): Promise<ReloadResult> {
    const observer = observeFiles(this.#options.readFile);
    const options = { ...this.#options, readFile: observer.readFile };
    try {
      const sources = await readSources(options);
      if (sources.file === undefined) this.#expectNoFile();
      const { patches } = this.#accepted;
      const result = await this.#take(await makeSnapshot(sources, options, patches), { sources, patches });
      this.#refused = undefined;
      return result;
    } catch (error) {
      if (!(error instanceof ConfigError) || this.#closing.signal.aborted) throw error;
      return this.#refuse(error.violations, observer.seen);
    } finally {
      this.#seen = observer.seen;
    }
  }

  /** Without its file a server would go on with nothing but defaults; that is never what was meant. */
  #expectNoFile(): void {
    const { file } = this.#accepted.sources;
    if (file !== undefined)
      throw new ConfigError([{ path: file, message: "is gone, should be there as long as the server runs" }]);
  }

  /** Files that are wrong at the moment stand in nobody's way: overrides go over what was last good. */
  async #override(patches: readonly Patch[]): Promise<ReloadResult> {
    const observer = observeFiles(this.#options.readFile);
    const options = { ...this.#options, readFile: observer.readFile };
    const { sources } = this.#accepted;
    const result = await this.#take(await makeSnapshot(sources, options, patches), { sources, patches });
    this.#seen = new Map([...this.#seen, ...observer.seen]);
    return result;
  }

  #withoutPatches(at: Path): readonly Patch[] {
    const kept = this.#accepted.patches.filter(({ path }) => !isWithin(path, at));
    if (kept.length < this.#accepted.patches.length) return kept;
    throw new ConfigError([
      { path: formatPath(at), message: "is not overridden, so there is nothing to take back" },
    ]);
  }

  /** Everybody is asked first; then all of it is in effect within one turn of the event loop. */
  async #take(next: Snapshot, accepted: Accepted): Promise<ReloadResult> {
    this.#closing.signal.throwIfAborted();
    const kept = restartChanges(this.#running, next);
    const layers = [...accepted.sources.layers, overrideLayer(accepted.patches)];
    const effective = compose(this.#running, next, kept, layers);
    const changed = changedPaths(this.#running, effective);
    const ready = await this.#offer(effective, changed);
    const pending = pendingChanges(kept, this.#running, next);
    const isNews = JSON.stringify(pending) !== JSON.stringify(this.#pending);
    // Whoever compares configurations sees a new one only where something has changed.
    this.#running = changed.length > 0 ? effective : { ...effective, config: this.#running.config };
    this.#accepted = accepted;
    this.#pending = pending;
    ready.commit();
    return this.#report(changed, isNews);
  }

  async #offer({ config: next }: Snapshot, changed: readonly string[]): Promise<AcceptedChange> {
    const tooLong = new AbortController();
    const timer = this.#clock.schedule(maxPrepareMs, () =>
      tooLong.abort(
        new ProxyError("deadline_exceeded", "a part of the server took too long to prepare for it"),
      ),
    );
    const signal = AbortSignal.any([this.#closing.signal, tooLong.signal]);
    const appliers = changed.length > 0 ? [...this.#appliers] : [];
    try {
      return await offerChange(
        { next, previous: this.#running.config, changed, signal },
        appliers,
        this.#logger,
      );
    } finally {
      timer.cancel();
    }
  }

  #report(changed: readonly string[], isNews: boolean): ReloadResult {
    const pending = this.#pending;
    if (changed.length > 0) this.#logger.info({ changed }, "configuration applied");
    if (isNews && pending.length > 0)
      this.#logger.warn({ settings: pending.map(({ path }) => path) }, "configuration waits for a restart");
    if (changed.length > 0) return { outcome: "applied", changed, pending };
    return isNews && pending.length > 0 ? { outcome: "pending", pending } : { outcome: "unchanged" };
  }

  /** The same content is refused once, however often it is read. */
  #refuse(violations: readonly Violation[], seen: Observation): ReloadResult {
    const isNews = this.#refused === undefined || !isSameObservation(seen, this.#seen);
    if (isNews) this.#logger.error({ violations }, "configuration refused, the last good one stays");
    this.#refused = { violations, at: this.#clock.now() };
    return { outcome: "refused", violations };
  }

  /** One after the other, and outside of whichever call tree asked: a change is everybody's. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#scope.run(undefined, () => this.#last.then(work));
    this.#last = result.catch(() => undefined);
    return result;
  }
}

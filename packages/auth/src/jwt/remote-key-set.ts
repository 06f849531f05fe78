/**
 * The keys an issuer publishes, kept at hand.
 *
 * | age of the set | a use |
 * |---|---|
 * | below 8 min | is served |
 * | 8–10 min | is served, and the set is fetched again in the background |
 * | above | waits for the set to be fetched again; when that fails, it is served up to 24 h |
 *
 * A key id that is not in the set makes it be fetched again, as after a change of keys at the issuer. Between two
 * fetches there are 30 s whatever is asked for, so made-up ids cost the issuer nothing. While fetches fail, nobody
 * waits for a set that may be served anyway, and what cannot be known is `unavailable`: never the caller's fault.
 *
 * @module
 */

import { type Clock, type Logger, ProxyError } from "@llmproxy/spec";
import { abortable } from "../abortable.ts";
import type { RemoteKeys } from "./accepted-issuer.ts";
import type { VerificationKey } from "./algorithms.ts";
import { chooseKey, type KeySet } from "./key-set.ts";
import { parseJwks } from "./parse-jwks.ts";

/**
 * Fetches a key set. It follows no redirect, connects to nothing it should not, and stops reading after 256 KB.
 *
 * @param signal - aborts after 5 s
 */
export type FetchJwks = (source: RemoteKeys, signal: AbortSignal) => Promise<string | Uint8Array>;

/** What a set of published keys works with. */
export interface RemoteKeySetOptions {
  readonly source: RemoteKeys;
  readonly fetchJwks: FetchJwks;
  readonly clock: Clock;
  readonly logger: Logger;
}

const refreshMs = 480_000;
const confirmMs = 600_000;
const maxStaleMs = 86_400_000;
const cooldownMs = 30_000;
const fetchLimitMs = 5_000;

/** What was fetched last. Times are on the monotonic clock. */
interface Held {
  readonly keys: readonly VerificationKey[];
  readonly fetchedMs: number;
}

/** Makes the set; nothing is fetched before the first use. */
export function createRemoteKeySet({ source, fetchJwks, clock, logger }: RemoteKeySetOptions): KeySet {
  let held: Held | undefined;
  const log = logger.child({ url: hostOf(source.url) });
  const fetcher = createFetcher({
    clock,
    logger: log,
    load: async (signal) => parseJwks(await fetchJwks(source, signal)),
    onKeys(keys) {
      held = { keys, fetchedMs: clock.monotonic() };
      if (keys.length === 0) log.warn({}, "the key set of an issuer has no key that can be used here");
    },
  });

  /** The set as it may be used now; a promise where it has to be fetched first. */
  const current = (signal: AbortSignal): Held | Promise<Held> => {
    const ageMs = held ? clock.monotonic() - held.fetchedMs : Number.POSITIVE_INFINITY;
    if (!held || ageMs > maxStaleMs) return fetched(signal);
    if (ageMs < refreshMs) return held;
    if (ageMs > confirmMs && !fetcher.isFailing) {
      const stale = held;
      return fetched(signal).catch((error) => {
        if (signal.aborted) throw error;
        return held ?? stale;
      });
    }
    // Nobody waits here; the failure has been logged and a later use tries again.
    if (fetcher.mayFetch) fetcher.renew().catch(() => {});
    return held;
  };
  const fetched = async (signal: AbortSignal): Promise<Held> => {
    if (!fetcher.mayFetch) throw fetcher.unavailable();
    await abortable(fetcher.renew(), signal);
    if (!held) throw fetcher.unavailable();
    return held;
  };

  return {
    async find(name, signal) {
      const found = current(signal);
      const choice = chooseKey((found instanceof Promise ? await found : found).keys, name);
      if (choice !== "key_unknown") return choice;
      if (fetcher.mayFetch) return chooseKey((await fetched(signal)).keys, name);
      // The set is fresh and does not have it, or nobody knows whether it would have it by now.
      if (fetcher.isFailing) throw fetcher.unavailable();
      return choice;
    },
    close: () => fetcher.close(),
  };
}

interface FetcherOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly load: (signal: AbortSignal) => Promise<readonly VerificationKey[]>;
  readonly onKeys: (keys: readonly VerificationKey[]) => void;
}

/** Fetches one at a time, for 5 s at most, and not again within 30 s of the last start. */
function createFetcher({ clock, logger, load, onKeys }: FetcherOptions) {
  let abort: ((reason: Error) => void) | undefined;
  let isClosed = false;
  let startedMs = Number.NEGATIVE_INFINITY;
  let flight: Promise<void> | undefined;
  let isFailing = false;

  const run = async (): Promise<void> => {
    startedMs = clock.monotonic();
    const limit = new AbortController();
    abort = (reason) => limit.abort(reason);
    const timer = clock.schedule(fetchLimitMs, () => abort?.(new Error(`no answer in ${fetchLimitMs} ms`)));
    try {
      onKeys(await abortable(load(limit.signal), limit.signal));
      if (isFailing) logger.info({}, "the key set can be fetched again");
      isFailing = false;
    } catch (error) {
      isFailing = true;
      if (!isClosed)
        logger.warn(
          { error },
          "the key set of an issuer cannot be fetched; known keys stay valid for a while",
        );
      throw unavailable(error);
    } finally {
      timer.cancel();
      flight = undefined;
    }
  };
  const unavailable = (cause?: unknown): ProxyError =>
    new ProxyError("unavailable", "the token cannot be checked right now; try again shortly", {
      retryAfterMs: Math.max(1_000, Math.min(cooldownMs, startedMs + cooldownMs - clock.monotonic())),
      cause,
    });

  return {
    get isFailing(): boolean {
      return isFailing;
    },
    /** Whether {@link renew} would not come too early; always while a fetch is under way. */
    get mayFetch(): boolean {
      if (isClosed) return false;
      return flight !== undefined || clock.monotonic() - startedMs >= cooldownMs;
    },
    /** Starts a fetch, or joins the one under way. @throws `unavailable` when it fails */
    renew(): Promise<void> {
      flight ??= run();
      return flight;
    },
    unavailable,
    close(): void {
      isClosed = true;
      abort?.(new Error("the key set is closed"));
    },
  };
}

/** Where a URL leads, for the log: what it has besides may be a secret. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "[not a url]";
}

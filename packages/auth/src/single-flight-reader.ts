/**
 * Reads records from a store: each id at most once at a time, never for longer than a limit.
 *
 * The limit ends the wait, not the read, which a store cannot take back. What a read brings after its limit is
 * still reported, so that a slow store costs one failed try instead of one after the other.
 *
 * @module
 */

import { type Clock, ProxyError, type Timer } from "@llmproxy/spec";

/** What the reader works with. */
export interface SingleFlightReaderOptions<T> {
  /** What is read, for messages, e.g. `key`. */
  readonly what: string;
  readonly read: (id: string) => Promise<T | undefined>;
  /**
   * Told what a read brought, before those who wait for it. Not told when anything was dropped since the read
   * began: it may have seen the record as it was before.
   */
  readonly onRead: (id: string, value: T | undefined, startedMs: number) => void;
  /** Told of each read that failed or passed its limit; `cause` is for the log. */
  readonly onFailure: (id: string, cause: unknown) => void;
  readonly clock: Clock;
}

/** Reads records, each id at most once at a time. */
export interface SingleFlightReader<T> {
  /**
   * Reads a record, or joins the read of it that is under way.
   *
   * @throws `unavailable` when the store fails, takes more than 1 s, or 1,000 reads are under way
   */
  read(id: string): Promise<T | undefined>;
  /** Lets nobody join a read of this id that began before now. */
  drop(id: string): void;
  /** Ends every wait with `unavailable`, now and from now on. */
  close(): void;
}

interface Flight<T> {
  readonly result: Promise<T | undefined>;
  readonly fail: (cause: unknown) => void;
}

const limitMs = 1_000;
const maxFlights = 1_000;
const retryAfterMs = 1_000;

/** Makes a reader. */
export function createSingleFlightReader<T>(options: SingleFlightReaderOptions<T>): SingleFlightReader<T> {
  const { what, clock } = options;
  const flights = new Map<string, Flight<T>>();
  const underWay = new Set<Flight<T>>();
  let drops = 0;
  let closed = false;

  const start = (id: string): Promise<T | undefined> => {
    if (closed) return Promise.reject(unavailable(what, "the reader is closed"));
    if (underWay.size >= maxFlights) return Promise.reject(unavailable(what, "too many reads are under way"));
    const startedMs = clock.monotonic();
    const dropsBefore = drops;
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    const end = (): boolean => {
      timer.cancel();
      if (flights.get(id) === flight) flights.delete(id);
      return underWay.delete(flight);
    };
    const fail = (cause: unknown): void => {
      if (!end()) return;
      options.onFailure(id, cause);
      reject(unavailable(what, cause));
    };
    const finish = (value: T | undefined): void => {
      end();
      if (drops === dropsBefore && !closed) options.onRead(id, value, startedMs);
      resolve(value);
    };
    const timer: Timer = clock.schedule(limitMs, () => fail(new Error(`no answer in ${limitMs} ms`)));
    const flight: Flight<T> = { result: promise, fail };
    flights.set(id, flight);
    underWay.add(flight);
    readSafely(options.read, id).then(finish, fail);
    return promise;
  };

  return {
    read: (id) => flights.get(id)?.result ?? start(id),
    drop(id) {
      drops += 1;
      flights.delete(id);
    },
    close() {
      closed = true;
      for (const flight of underWay) flight.fail(new Error("the reader is closed"));
    },
  };
}

/** Turns a store that throws instead of rejecting into one that rejects. */
async function readSafely<T>(read: (id: string) => Promise<T>, id: string): Promise<T> {
  return read(id);
}

function unavailable(what: string, cause: unknown): ProxyError {
  return new ProxyError("unavailable", `the ${what} cannot be checked right now; try again shortly`, {
    retryAfterMs,
    cause,
  });
}

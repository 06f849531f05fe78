/**
 * A map that forgets what was used longest ago.
 *
 * Thirty lines instead of a dependency: `Map` keeps insertion order, so moving an entry to the end on each use
 * leaves the least recently used one first. How old a value may be is for the user of the cache to judge.
 *
 * @module
 */

/** A map with a bound. */
export interface BoundedCache<V> {
  /** The value, which counts as used now. */
  get(key: string): V | undefined;
  /** Puts a value; when the cache is full, the least recently used one is dropped. */
  set(key: string, value: V): void;
  /** Drops a value, if it is there. */
  delete(key: string): void;
  /** Drops everything. */
  clear(): void;
  /** How many values are held now. */
  readonly size: number;
}

/** @param maxEntries - how many values are held at most, ≥ 1 */
export function createBoundedCache<V extends NonNullable<unknown>>(maxEntries: number): BoundedCache<V> {
  const entries = new Map<string, V>();
  // Where one is used again and again, moving it would have the whole map copied every few uses.
  let newest: string | undefined;
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined || key === newest) return value;
      newest = key;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      newest = key;
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= maxEntries) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}

/**
 * Sees changes of files by their content.
 *
 * What a load has read is what is watched: the configuration file, the names it might have appeared under, and
 * every file a secret came from. Neither times nor inodes are looked at, so an edit in place, a file renamed over
 * another and a swapped symbolic link above it (as Kubernetes does it) look the same, and a file that was only
 * touched has not changed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { FileContent, ReadFile } from "../sources/read-file.ts";

/** One file as it was seen. */
interface Seen {
  readonly maxBytes: number;
  readonly digest: string;
}

/** Files as they were when they were read, by path. */
export type Observation = ReadonlyMap<string, Seen>;

/** A way to read files that remembers what it has read. */
export interface FileObserver {
  /** Reads a file and remembers what was there, or why there was nothing. */
  readonly readFile: ReadFile;
  /** What has been read so far. */
  readonly seen: Observation;
}

/** Observes what is read through it. */
export function observeFiles(readFile: ReadFile): FileObserver {
  const seen = new Map<string, Seen>();
  return {
    seen,
    readFile: async (path, maxBytes) => {
      try {
        const content = await readFile(path, maxBytes);
        seen.set(path, { maxBytes, digest: digestOf(content) });
        return content;
      } catch (error) {
        seen.set(path, { maxBytes, digest: digestOfFailure(error) });
        throw error;
      }
    },
  };
}

/** Reads the files of an observation anew. */
export async function observeAgain(observation: Observation, readFile: ReadFile): Promise<Observation> {
  const observer = observeFiles(readFile);
  for (const [path, { maxBytes }] of observation) {
    // The observer keeps a failure as what was seen.
    await observer.readFile(path, maxBytes).catch(() => undefined);
  }
  return observer.seen;
}

/** Whether two observations are of the same files with the same content. */
export function isSameObservation(a: Observation, b: Observation): boolean {
  return a.size === b.size && [...a].every(([path, { digest }]) => b.get(path)?.digest === digest);
}

/** The mode counts: a secret whose file others may read is refused until that is mended. */
function digestOf({ bytes, isTruncated, mode }: FileContent): string {
  const hash = createHash("sha256").update(bytes).digest("base64");
  return `${hash} ${mode ?? ""} ${isTruncated ? "truncated" : ""}`;
}

function digestOfFailure(error: unknown): string {
  return `failed ${error instanceof Error && "code" in error ? String(error.code) : ""}`;
}

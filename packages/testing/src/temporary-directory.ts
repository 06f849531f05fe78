/**
 * A directory that goes when the test goes.
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of one test. */
export interface TemporaryDirectory extends AsyncDisposable {
  /** Its absolute path. */
  readonly path: string;
  /** Deletes it with everything inside; a second call does nothing. Done by `await using` at the end of a block. */
  remove(): Promise<void>;
}

/**
 * Makes an empty directory of mode 0700.
 *
 * @example
 * ```ts
 * import { temporaryDirectory } from "@llmproxy/testing";
 *
 * await using directory = await temporaryDirectory();
 * console.log(directory.path);
 * ```
 */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), "llmproxy-test-"));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  return { path, remove, [Symbol.asyncDispose]: remove };
}

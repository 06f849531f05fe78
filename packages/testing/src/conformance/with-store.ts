/**
 * Lends a store to a test.
 *
 * @module
 */

import type { Store } from "@llmproxy/spec";
import type { OpenStore } from "./store-samples.ts";

/** Makes the body of a test that is given an empty store, which is cleaned up after it. */
export function withStore(open: OpenStore, test: (store: Store) => Promise<void>): () => Promise<void> {
  return async () => {
    const { store, cleanUp } = await open();
    try {
      await test(store);
    } finally {
      await cleanUp();
    }
  };
}

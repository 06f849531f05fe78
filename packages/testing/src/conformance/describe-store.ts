/**
 * What every store does.
 *
 * @module
 */

import { describe } from "vitest";
import { describeKeyStore } from "./describe-key-store.ts";
import { describeProjectStore } from "./describe-project-store.ts";
import { describeStoreLife } from "./describe-store-life.ts";
import { describeUsageStore } from "./describe-usage-store.ts";
import type { OpenStore } from "./store-samples.ts";

/**
 * Defines the tests of a `Store`: its repositories, its journal and its life.
 *
 * @param name - the implementation, for the report
 * @param open - makes an empty store; called for every test
 */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name} as a Store`, () => {
    describeProjectStore(open);
    describeKeyStore(open);
    describeUsageStore(open);
    describeStoreLife(open);
  });
}

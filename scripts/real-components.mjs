/**
 * Says before the tests which real components are absent; fails where `LLMPROXY_TEST_REQUIRE` names one of them.
 *
 * @module
 */

import { checkComponents } from "../packages/testing/src/real-components.ts";

/** Vitest calls it once, before all tests. */
export function setup() {
  checkComponents(process.env, (line) => process.stdout.write(`${line}\n`));
}

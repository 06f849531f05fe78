/**
 * Everything that can be measured, by name.
 *
 * @module
 */

import { cancelTrials } from "./cancel.ts";
import { memoryTrials, startTrials } from "./process.ts";
import { streamTrials, unaryTrials } from "./relay.ts";
import { translationTrials } from "./translation.ts";
import type { Trial } from "./trial.ts";

/** The scenarios in the order in which they run. */
export const scenarios: Readonly<Record<string, readonly Trial[]>> = {
  start: startTrials,
  memory: memoryTrials,
  unary: unaryTrials,
  stream: streamTrials,
  translation: translationTrials,
  cancel: cancelTrials,
};

/**
 * Targets in the order they are configured.
 *
 * @module
 */

import type { Picker } from "@llmproxy/spec";

/** Makes a picker that takes the first target not tried yet. It learns nothing from outcomes. */
export function createPriorityPicker(): Picker {
  return {
    pick(route, tried) {
      const target = route.targets.find((candidate) => !tried.has(candidate));
      return target && { target, done() {} };
    },
  };
}

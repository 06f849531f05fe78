/**
 * The log of a server, as its configuration says at every moment.
 *
 * @module
 */

import type { LiveConfig } from "@llmproxy/config";
import { createLogger, createScrubber, type LogDestination, type RootLogger } from "@llmproxy/telemetry";
import { secretsIn } from "./secrets-in.ts";

/**
 * Opens the log.
 *
 * @param json - whether lines are JSON also on a terminal
 */
export function openLogger(
  live: LiveConfig,
  destination: LogDestination,
  json: boolean | undefined,
): RootLogger {
  const { level, format } = live.current().telemetry.log;
  let scrub = createScrubber(secretsIn(live.current()));
  const logger = createLogger({
    level,
    format: json ? "json" : format,
    destination,
    scrub: (text) => scrub(text),
  });
  live.onChange(({ next, previous }) => {
    // A secret that has been replaced may still stand in what is logged of calls in flight.
    const known = createScrubber([...secretsIn(previous), ...secretsIn(next)]);
    return {
      commit() {
        scrub = known;
        logger.setLevel(next.telemetry.log.level);
      },
    };
  });
  return logger;
}

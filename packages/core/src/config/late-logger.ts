/**
 * A logger for the time before the configuration says how to log.
 *
 * @module
 */

import { type LogFields, type Logger, silentLogger } from "@llmproxy/spec";

/** A logger that becomes another one. */
export interface LateLogger {
  /** Logs nothing until then. */
  readonly logger: Logger;
  /** From now on everything goes to `logger`, also from children made before. */
  become(logger: Logger): void;
}

/** Makes a logger that is silent until it becomes another one. */
export function createLateLogger(): LateLogger {
  let target = silentLogger;
  return {
    logger: forwardTo(() => target),
    become(logger) {
      target = logger;
    },
  };
}

function forwardTo(target: () => Logger): Logger {
  return {
    debug: (fields, message) => target().debug(fields, message),
    info: (fields, message) => target().info(fields, message),
    warn: (fields, message) => target().warn(fields, message),
    error: (fields, message) => target().error(fields, message),
    child(fields: LogFields) {
      let made: { readonly of: Logger; readonly child: Logger } | undefined;
      return forwardTo(() => {
        const parent = target();
        if (made?.of !== parent) made = { of: parent, child: parent.child(fields) };
        return made.child;
      });
    },
  };
}

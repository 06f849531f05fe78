/**
 * Who is told of a new configuration before it takes effect, and may refuse it.
 *
 * A change has two phases, so that either everybody has it or nobody: each applier first prepares what it needs
 * and may throw; when all have, all commit within one turn of the event loop.
 *
 * @module
 */

import { type Logger, ProxyError } from "@llmproxy/spec";
import type { Config } from "../schema/config.ts";
import { ConfigError } from "../violation.ts";

/** A change that is about to take effect. */
export interface ConfigChange {
  /** The configuration to come. */
  readonly next: Config;
  /** The configuration in effect. */
  readonly previous: Config;
  /** The settings that differ, in the spelling of the file. */
  readonly changed: readonly string[];
  /** Aborts when it takes too long, or the configuration is closed meanwhile; what comes later is thrown away. */
  readonly signal: AbortSignal;
}

/** What an applier has ready. */
export interface PreparedChange {
  /** Puts it into effect. Called once everybody has accepted; must not throw and takes no time. */
  commit(): void;
  /** Throws it away: somebody else has refused. */
  discard?(): void;
}

/**
 * Prepares a change. To throw is to refuse it; the message of a `ProxyError` is shown to the operator. Without a
 * result there is nothing to do at the moment it takes effect.
 */
export type ConfigApplier = (
  change: ConfigChange,
) => PreparedChange | undefined | Promise<PreparedChange | undefined>;

/** A change that everybody has accepted. */
export interface AcceptedChange {
  /** Puts it into effect everywhere. */
  commit(): void;
}

/**
 * Offers a change to everybody, one after the other.
 *
 * @throws {ConfigError} when one refuses; the others have thrown away what they had ready
 */
export async function offerChange(
  change: ConfigChange,
  appliers: Iterable<ConfigApplier>,
  logger: Logger,
): Promise<AcceptedChange> {
  const prepared: PreparedChange[] = [];
  const each = (run: (one: PreparedChange) => void): void => {
    for (const one of prepared) guard(() => run(one), logger);
  };
  try {
    for (const apply of appliers) {
      const ready = await unlessAborted(Promise.resolve(apply(change)), change.signal);
      if (ready) prepared.push(ready);
      change.signal.throwIfAborted();
    }
  } catch (reason) {
    each((one) => one.discard?.());
    throw refusalOf(reason, logger);
  }
  return { commit: () => each((one) => one.commit()) };
}

/** Waits for one who prepares, but not for ever: everything else that wants to change would wait too. */
async function unlessAborted(
  preparing: Promise<PreparedChange | undefined>,
  signal: AbortSignal,
): Promise<PreparedChange | undefined> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([preparing, aborted.promise]);
  } catch (reason) {
    if (signal.aborted) preparing.then((late) => late?.discard?.()).catch(() => undefined);
    throw reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** One that fails here breaks its promise; the others still need to be told. */
function guard(run: () => void, logger: Logger): void {
  try {
    run();
  } catch (error) {
    logger.error({ error }, "a part of the server failed to follow a change of the configuration");
  }
}

function refusalOf(reason: unknown, logger: Logger): ConfigError {
  if (reason instanceof ConfigError) return reason;
  const { code, message } = ProxyError.from(reason);
  // Whatever is no ProxyError may say anything, so only the log has it.
  if (code === "internal") logger.error({ error: reason }, "a part of the server refused a configuration");
  return new ConfigError([{ path: "configuration", message: `cannot be applied: ${message}` }]);
}

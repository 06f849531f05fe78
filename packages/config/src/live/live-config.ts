/**
 * The configuration of a running server, as others see it.
 *
 * @module
 */

import type { Clock, JsonValue, Logger } from "@llmproxy/spec";
import type { LoadConfigOptions, LoadedConfig } from "../load.ts";
import type { Config } from "../schema/config.ts";
import type { Setting } from "../settings.ts";
import type { ConfigInput } from "../sources/flags.ts";
import type { Violation } from "../violation.ts";
import type { ConfigApplier } from "./appliers.ts";
import type { PendingChange } from "./changes.ts";

/** What is loaded and watched. */
export interface WatchConfigOptions extends LoadConfigOptions {
  /** When to look. Default: the clock of this machine. */
  readonly clock?: Clock | undefined;
  /** Who is told of changes. Default: nobody. */
  readonly logger?: Logger | undefined;
  /** How often files are looked at, in milliseconds. Default 1,000. */
  readonly intervalMs?: number | undefined;
  /** How long a changed file must stay as it is before it is read, in milliseconds. Default 100. */
  readonly settleMs?: number | undefined;
}

/** What became of a look at the files, or of an override. */
export type ReloadResult =
  /** Nothing that matters has changed. */
  | { readonly outcome: "unchanged" }
  /** The settings named are in effect; `pending` are not, if there are any. */
  | {
      readonly outcome: "applied";
      readonly changed: readonly string[];
      readonly pending: readonly PendingChange[];
    }
  /** Nothing but settings that need a restart has changed. */
  | { readonly outcome: "pending"; readonly pending: readonly PendingChange[] }
  /** The last good configuration stays. */
  | { readonly outcome: "refused"; readonly violations: readonly Violation[] };

/** What the files say and could not be taken. */
export interface RefusedChange {
  /** Everything that is wrong. */
  readonly violations: readonly Violation[];
  /** When it was refused last, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** A runtime override in effect. */
export interface Override {
  /** The setting. */
  readonly path: string;
  /** Its value; secrets as `[secret]`. */
  readonly value: JsonValue;
}

/** The configuration of a running server. All changes happen one after the other. */
export interface LiveConfig {
  /** The configuration in effect; within {@link LiveConfig.withOverrides} the one that was derived there. */
  current(): Config;
  /** The configuration in effect with where its values came from. */
  loaded(): LoadedConfig;
  /** The configuration in effect as a list, with the mark of each setting and what waits for a restart. */
  settings(): readonly Setting[];
  /** The changes that wait for a restart. */
  pending(): readonly PendingChange[];
  /** What the files say and could not be taken; undefined while what they say is in effect. */
  refused(): RefusedChange | undefined;
  /** The runtime overrides. */
  overrides(): readonly Override[];
  /**
   * Adds somebody who is asked before a change takes effect.
   *
   * @returns removes them
   */
  onChange(applier: ConfigApplier): () => void;
  /** Looks at the files now, and reads them anew also when they are the same. */
  reload(): Promise<ReloadResult>;
  /**
   * Overrides a setting for as long as the process lives.
   *
   * @param path - the setting, e.g. `limits.global.rpm` or `providers[0].base_url`; an entry must exist
   * @param value - as in the file; a map is merged key by key, null means not set
   * @throws {ConfigError} when it is refused: unknown, not valid, or in need of a restart
   */
  set(path: string, value: unknown): Promise<ReloadResult>;
  /**
   * Takes back the overrides of a setting and of everything below it.
   *
   * @throws {ConfigError} when there are none, or when the configuration is not valid without them
   */
  unset(path: string): Promise<ReloadResult>;
  /**
   * Runs a function with a configuration of its own: what {@link LiveConfig.current} gives in it and in everything
   * it calls or awaits. It stays the same however files change meanwhile. Pass the same object again, and what it
   * leads to is not derived again.
   *
   * @param partial - settings in the spelling of the file; secrets inline or as `x_env`
   * @throws {ConfigError} when the configuration would not be valid, or a setting needs a restart
   */
  withOverrides<T>(partial: ConfigInput, fn: () => T): T;
  /** Stops looking and waits for a change that is being applied; a second call does nothing. */
  close(): Promise<void>;
}

/**
 * What the `config` commands are given.
 *
 * @module
 */

import type { AdministrationOptions } from "../administration.ts";

/** Options of the `config` commands. */
export interface ConfigOptions extends AdministrationOptions {
  /** Whether to write the configuration file, also while a server runs. */
  readonly save?: boolean;
  /** Where to write a document. */
  readonly output?: string;
}

/**
 * `store`: where projects, keys and usage are kept.
 *
 * @module
 */

import { nullable, type output, prefault, strictObject, _default as withDefault } from "zod/mini";
import { aMap, duration, unseenText } from "./fields.ts";

/** Where projects, keys and usage are kept. */
export interface StoreConfig {
  /** What the store is. */
  readonly kind: "sqlite";
  /**
   * The database file, relative to the data directory unless absolute; `:memory:` keeps nothing. Default
   * `llmproxy.db`.
   */
  readonly file: string;
}

const sqlitePrefix = "sqlite:";
const postgresUrl = /^postgres(ql)?:\/\/./;
const retention = () => withDefault(nullable(duration("1h", "3650d")), null);

/** The schema of `store`. */
export const storeSchema = prefault(
  strictObject(
    {
      // A Postgres URL holds a password, so messages do not show it.
      url: withDefault(
        unseenText(
          "sqlite:FILE, relative to the data directory, or a postgres:// URL",
          /^(sqlite|postgres|postgresql):./,
          isStoreUrl,
        ),
        "sqlite:llmproxy.db",
      ),
      retention: prefault(
        strictObject({ usage: retention(), rollups: retention(), audit: retention() }, aMap),
        {},
      ),
    },
    aMap,
  ),
  {},
);

/** Makes the section; a URL of another store has been refused before. */
export function storeConfig(input: output<typeof storeSchema>): StoreConfig {
  return { kind: "sqlite", file: input.url.slice(sqlitePrefix.length) };
}

/** `sqlite://name` would mean a host in a URL and a root directory in a path; neither is what was meant. */
function isStoreUrl(url: string): boolean {
  if (!url.startsWith(sqlitePrefix)) return postgresUrl.test(url);
  const file = url.slice(sqlitePrefix.length);
  return file !== "" && !/[?#\0]/.test(file) && !/^\/\/(?!\/)/.test(file);
}

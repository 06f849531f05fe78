/**
 * Changes one setting in a TOML text.
 *
 * A TOML text is written anew, which loses comments; one that has any is left to its author.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { stringify } from "smol-toml";
import { formatPath, type Path } from "../path.ts";
import { redactAt } from "../redact.ts";
import { configSchema } from "../schema/config.ts";
import { isList, isMap } from "../tree.ts";
import { ConfigError } from "../violation.ts";

/** Strings, in which a `#` is none of a comment's, or the beginning of a comment. @see https://toml.io/en/v1.1.0 */
const stringOrComment = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#/g;

/**
 * Writes a configuration as TOML.
 *
 * @param expected - the configuration with the setting changed
 * @throws {ConfigError} when the text has comments, with the lines to write; or when TOML cannot say the value
 */
export function editToml(text: string, path: Path, value: JsonValue, expected: JsonObject): string {
  if (hasNull(value))
    throw refusal(path, "cannot be null in TOML, should be taken out of the file by hand instead");
  if (!hasComment(text)) return stringify(expected);
  throw refusal(
    path,
    `is in a file with comments, which would be lost, should be written by hand:\n${linesFor(path, value)}`,
  );
}

/**
 * Writes a configuration that lacks one setting as TOML.
 *
 * @param expected - the configuration without the setting
 * @throws {ConfigError} when the text has comments
 */
export function removeFromToml(text: string, path: Path, expected: JsonObject): string {
  if (!hasComment(text)) return stringify(expected);
  throw refusal(
    path,
    "is in a file with comments, which would be lost, should be taken out of the file by hand",
  );
}

/** The lines of a setting; a secret is left out. */
function linesFor(path: Path, value: JsonValue): string {
  const shown = redactAt(value, path, configSchema);
  const entry = path.findLastIndex((segment) => typeof segment === "number");
  const lines = stringify(nest(path.slice(entry + 1), shown)).trim();
  return entry === -1 ? lines : `in ${formatPath(path.slice(0, entry + 1))}:\n${lines}`;
}

function nest(path: Path, value: JsonValue): JsonObject {
  return path.reduceRight<JsonObject>(
    (inner, key, index) => ({ [key]: index === path.length - 1 ? value : inner }),
    {},
  );
}

function hasComment(text: string): boolean {
  return text.match(stringOrComment)?.includes("#") ?? false;
}

function hasNull(value: JsonValue | undefined): boolean {
  if (isList(value)) return value.some(hasNull);
  return isMap(value) ? Object.values(value).some(hasNull) : value === null;
}

function refusal(path: Path, message: string): ConfigError {
  return new ConfigError([{ path: formatPath(path), message }]);
}

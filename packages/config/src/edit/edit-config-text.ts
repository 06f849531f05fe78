/**
 * Changes one setting in the text of a configuration file.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { settingPath } from "../live/override-input.ts";
import { formatPath, type Path } from "../path.ts";
import { configSchema } from "../schema/config.ts";
import { type ConfigFormat, parserOf } from "../sources/config-file.ts";
import type { Patch } from "../sources/layer.ts";
import { patchesOf, spellingsOf } from "../sources/overrides.ts";
import { isList, isMap, readTree } from "../tree.ts";
import { ConfigError } from "../violation.ts";
import { removedFrom } from "./removed-from.ts";

/** What to change. */
export interface TextEdit {
  /** The format of the text. */
  readonly format: ConfigFormat;
  /** The setting, e.g. `server.port` or `providers[0].base_url`. */
  readonly path: string;
  /** Its new value; a map is merged key by key. Absent: it is taken out, with the sections that leaves empty. */
  readonly value?: JsonValue;
}

/**
 * Changes one setting. YAML keeps its comments and its layout, JSON is written with two spaces, TOML is written anew
 * as long as it has no comments.
 *
 * @param text - the text; may be empty
 * @throws {ConfigError} when the text cannot be read or not be changed, or an entry of a list does not exist
 */
export async function editConfigText(text: string, { format, path, value }: TextEdit): Promise<string> {
  const read = await readerOf(format);
  if (value === undefined) return takeOut(text, read(text), format, settingPath(path));
  let edited = text;
  for (const patch of patchesOf(settingPath(path), value))
    edited = await editOnce(edited, read(edited), format, patch);
  return edited;
}

/** Reads a text into a tree. */
type Reader = (text: string) => JsonObject;

async function readerOf(format: ConfigFormat): Promise<Reader> {
  const parse = await parserOf(format);
  return (text) => {
    if (text.trim() === "") return {};
    const { value, problems } = parse(text);
    const { tree, findings } = readTree(value);
    const mistakes = [...problems, ...findings];
    if (mistakes.length === 0 && isMap(tree)) return tree;
    throw new ConfigError(
      mistakes.length === 0
        ? [{ path: "file", message: "holds a list or a single value, should hold sections such as server:" }]
        : mistakes.map(({ path = [], message }) => ({ path: formatPath(path) || "file", message })),
    );
  };
}

async function takeOut(text: string, tree: JsonObject, format: ConfigFormat, path: Path): Promise<string> {
  // A secret may stand there by the name of a variable or of a file that holds it.
  const [gone] = [path, ...spellingsOf(path, configSchema)].flatMap((each) => removedFrom(tree, each) ?? []);
  if (gone === undefined) return text;
  const expected = isMap(gone.tree) ? gone.tree : {};
  if (format === ".json") return `${JSON.stringify(expected, null, 2)}\n`;
  if (format === ".toml") {
    const { removeFromToml } = await import("./edit-toml.ts");
    return removeFromToml(text, path, expected);
  }
  const { removeFromYaml } = await import("./remove-from-yaml.ts");
  return removeFromYaml(text, gone.path, expected) ?? refuseToEdit(path);
}

function refuseToEdit(path: Path): never {
  const message =
    "is written in a way that cannot be changed here, as with an alias, should be edited by hand";
  throw new ConfigError([{ path: formatPath(path), message }]);
}

async function editOnce(
  text: string,
  tree: JsonObject,
  format: ConfigFormat,
  { path, value }: Patch,
): Promise<string> {
  const expected = putInMap(tree, path, value, []);
  if (isDeepStrictEqual(expected, tree)) return text;
  if (format === ".json") return `${JSON.stringify(expected, null, 2)}\n`;
  if (format === ".toml") {
    const { editToml } = await import("./edit-toml.ts");
    return editToml(text, path, value, expected);
  }
  const { editYaml } = await import("./edit-yaml.ts");
  return editYaml(text, path, value, expected) ?? refuseToEdit(path);
}

function putInMap(map: JsonObject, path: Path, value: JsonValue, above: Path): JsonObject {
  const [segment = "", ...rest] = path;
  const key = String(segment);
  const below = Object.hasOwn(map, key) ? map[key] : undefined;
  return { ...map, [key]: put(below, rest, value, [...above, key]) };
}

function put(below: JsonValue | undefined, path: Path, value: JsonValue, above: Path): JsonValue {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  if (typeof segment === "string") return putInMap(isMap(below) ? below : {}, path, value, above);
  const list = isList(below) ? below : [];
  const at = [...above, segment];
  if (segment < list.length) return list.with(segment, put(list[segment], rest, value, at));
  const count = list.length === 1 ? "1 entry" : `${list.length} entries`;
  const message = `does not exist, ${formatPath(above)} has ${count} in the file`;
  throw new ConfigError([{ path: formatPath(at), message }]);
}

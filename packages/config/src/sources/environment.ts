/**
 * Configuration from environment variables: `LLMPROXY_<SECTION>__<KEY>`.
 *
 * A name without `__` is configuration only where the file has a list, a map or a plain value at its top level
 * (`LLMPROXY_PROVIDERS`, `LLMPROXY_DEFAULT_MODEL`). Every other such name is somebody else's: orchestrators set
 * `LLMPROXY_SERVICE_HOST` and the like for a service called `llmproxy`.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { nearest } from "../nearest.ts";
import { formatPath, type Path } from "../path.ts";
import { childOf, keysOf, type Schema, schemaAt, valueKind } from "../schema/inspect.ts";
import { readTree } from "../tree.ts";
import type { Violation } from "../violation.ts";
import { type Layer, mergeMaps } from "./layer.ts";
import type { ParsedText } from "./parse-yaml.ts";
import { scalarOf } from "./text-value.ts";

const prefix = "LLMPROXY_";
const separator = "__";

/** Names of ours that are not settings. */
const reserved = /^LLMPROXY_(DATA_DIR|CONFIG|TEST_.*)$/;

/** What the environment says, and what is wrong with it. */
export interface EnvironmentReading {
  /** The settings. */
  readonly layer: Layer;
  /** Names that are no setting and values that cannot be read. */
  readonly violations: readonly Violation[];
}

/** One variable: a setting or what is wrong with it. */
type VariableReading =
  | { readonly path: Path; readonly value: JsonValue; readonly violations?: never }
  | { readonly path?: never; readonly value?: never; readonly violations: readonly Violation[] };

/** Reads JSON text; given, because its parser is only worth loading where there is something to parse. */
export type JsonParser = (text: string) => ParsedText;

/** Whether there is anything to read in an environment. */
export function hasSettings(environment: Readonly<Record<string, string | undefined>>): boolean {
  return Object.keys(environment).some((name) => name.startsWith(prefix) && !reserved.test(name));
}

/**
 * Reads the settings of an environment.
 *
 * @param parseJson - for lists and maps
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  schema: Schema,
  parseJson: JsonParser,
): EnvironmentReading {
  let tree: JsonObject = {};
  const variables = new Map<string, string>();
  const violations: Violation[] = [];
  // Sorted, so that `…__CORS__MAX_AGE` refines what `…__CORS` gave, whatever order the system lists them in.
  for (const name of Object.keys(environment).toSorted()) {
    const text = environment[name];
    if (text === undefined || !isSetting(name, schema)) continue;
    const reading = readVariable({ name, text, schema, parseJson });
    if (reading.violations) {
      violations.push(...reading.violations);
      continue;
    }
    variables.set(formatPath(reading.path), name);
    // Without the schema, which would let one spelling of a secret replace another: here both are a mistake.
    tree = mergeMaps(tree, nest(reading.path, reading.value), undefined);
  }
  const variableOf = (path: Path): string | undefined => findVariable(path, variables);
  return { layer: { source: "environment", tree, variableOf }, violations };
}

function isSetting(name: string, schema: Schema): boolean {
  if (!name.startsWith(prefix) || reserved.test(name)) return false;
  const rest = name.slice(prefix.length);
  if (rest.includes(separator)) return true;
  const child = childOf(schema, rest.toLowerCase());
  return child !== undefined && keysOf(child).length === 0;
}

/** One variable, and what it is read with. */
interface Variable {
  readonly name: string;
  readonly text: string;
  readonly schema: Schema;
  readonly parseJson: JsonParser;
}

function readVariable({ name, text, schema, parseJson }: Variable): VariableReading {
  const path = name.slice(prefix.length).toLowerCase().split(separator);
  const problem = nameProblem(name, path, schema);
  if (problem !== undefined) return { violations: [{ path: name, message: problem }] };
  const target = schemaAt(schema, path);
  if (text === "")
    return { violations: [{ path: name, message: "is empty, should be set to a value or unset" }] };
  if (target === undefined || valueKind(target) !== "json" || text === "null")
    return { path, value: target ? scalarOf(text, target) : text };
  return readJson(name, path, parseJson(text));
}

function readJson(name: string, path: Path, { value, problems }: ParsedText): VariableReading {
  const { tree, findings } = readTree(value);
  const mistakes = [...problems, ...findings].map((mistake) =>
    `${formatPath(mistake.path ?? [])} ${mistake.message}, should be a list or map as JSON`.trimStart(),
  );
  if (mistakes.length > 0) return { violations: mistakes.map((message) => ({ path: name, message })) };
  return { path, value: tree ?? null };
}

/** Only the fixed keys of sections have variables of their own; the inside of lists and maps is JSON. */
function nameProblem(name: string, path: readonly string[], schema: Schema): string | undefined {
  if (name !== name.toUpperCase()) return `is not a setting, should be in upper case: ${name.toUpperCase()}`;
  let at = schema;
  for (const [index, key] of path.entries()) {
    const child = keysOf(at).includes(key) ? childOf(at, key) : undefined;
    if (child === undefined) return unknownName(name, path.slice(0, index), at, schema);
    at = child;
  }
  return undefined;
}

function unknownName(name: string, parent: readonly string[], at: Schema, schema: Schema): string {
  if (parent.length > 0 && keysOf(at).length === 0 && valueKind(at) === "json")
    return `is not a setting, should be part of the JSON in ${variableName(parent)}`;
  const near = nearest(name, settingNames(schema), Number.POSITIVE_INFINITY);
  return `is not a setting, the nearest is ${near ?? `${prefix}SERVER${separator}PORT`}`;
}

/** The variables of all settings below a schema. */
function settingNames(schema: Schema, path: readonly string[] = []): readonly string[] {
  return keysOf(schema).flatMap((key) => {
    const child = childOf(schema, key);
    const childPath = [...path, key];
    if (child && keysOf(child).length > 0) return settingNames(child, childPath);
    return [variableName(childPath)];
  });
}

function variableName(path: readonly string[]): string {
  return prefix + path.join(separator).toUpperCase();
}

function nest(path: Path, value: JsonValue): JsonObject {
  const [key, ...rest] = path;
  return Object.fromEntries([[String(key), rest.length === 0 ? value : nest(rest, value)]]);
}

/** The variable that gives the value at `path`, or gives something that holds it. */
function findVariable(path: Path, variables: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const name = variables.get(formatPath(path.slice(0, length)));
    if (name !== undefined) return name;
  }
  return undefined;
}

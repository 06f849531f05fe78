/**
 * Checks the form of a configuration and says in our words what zod found.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { safeParse } from "zod/mini";
import { nearest } from "../nearest.ts";
import type { Path } from "../path.ts";
import { isMap, listAt } from "../tree.ts";
import { type Finding, finding } from "../violation.ts";
import { configSchema, directModelsByDefault, type EffectiveInput } from "./config.ts";
import { keysOf, schemaAt } from "./inspect.ts";

/** The input complete with defaults, or what is wrong with its form. */
export type FormCheck =
  | { readonly input: EffectiveInput; readonly findings?: never }
  | { readonly input?: never; readonly findings: readonly Finding[] };

/** Checks keys and types, and fills in defaults. */
export function checkForm(tree: JsonObject): FormCheck {
  const directModels = directModelsByDefault(listAt(tree, "models"));
  const result = safeParse(configSchema, { direct_models: directModels, ...tree });
  if (result.success) return { input: result.data };
  return { findings: result.error.issues.flatMap((issue) => explain(issue, tree)) };
}

type Issue = NonNullable<ReturnType<typeof safeParse<typeof configSchema>>["error"]>["issues"][number];

function explain(issue: Issue, tree: JsonValue): readonly Finding[] {
  const path = issue.path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
  if (issue.code !== "unrecognized_keys") return [finding(path, issue.message)];
  return issue.keys.map((key) => finding([...path, key], unknownKey(key, knownKeys(path, tree))));
}

/** Entries of one list may have different keys: a provider's depend on its kind. */
function knownKeys(path: Path, tree: JsonValue): readonly string[] {
  const schema = schemaAt(configSchema, path);
  return schema ? keysOf(schema, valueAtPath(tree, path)) : [];
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `is not a known key, did you mean ${near}?`;
  return `is not a known key, should be one of ${known.join(", ")}`;
}

function valueAtPath(tree: JsonValue, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((at, segment) => {
    if (Array.isArray(at) && typeof segment === "number") return at[segment];
    return isMap(at) ? at[segment] : undefined;
  }, tree);
}

/**
 * The value of a setting as somebody types it.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import { readTree } from "../tree.ts";
import { ConfigError } from "../violation.ts";

/**
 * Reads the text of a value as the configuration file would: `60`, `true`, `null`, `30s`, `[a, b]`, `{ rpm: 60 }`.
 *
 * @throws {ConfigError} when the text is not YAML; its message shows nothing of the text
 */
export async function parseSettingValue(text: string): Promise<JsonValue> {
  // Where the parser sees nothing, there is text without characters, or a comment.
  if (text.trim() === "" || text.startsWith("#")) return text;
  const { parseYaml } = await import("../sources/parse-yaml.ts");
  const { value, problems } = parseYaml(text);
  const { tree, findings } = readTree(value);
  const [mistake] = [...problems, ...findings];
  if (mistake === undefined && tree !== undefined) return tree;
  const message = `${mistake?.message ?? "is no value"}, should be as in the file: text with special characters in quotes`;
  throw new ConfigError([{ path: "value", message }]);
}

/**
 * What form the answer must have, and how much effort goes into it: `output_config`, and `output_format`, which
 * was its predecessor for the form.
 *
 * @module
 */

import type { ChatRequest, JsonObject, ResponseFormat } from "@llmproxy/spec";
import { defined, objectOf, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { expected, type Fields } from "../fields.ts";

/** What of the output's configuration has become vocabulary, and what has not. */
export interface ReadOutput {
  readonly responseFormat?: ResponseFormat;
  readonly reasoningEffort?: string;
  /** `output_config` and `output_format` as far as they are not vocabulary. */
  readonly left: JsonObject;
}

/**
 * Reads the configuration of the output.
 *
 * @throws `invalid_request` naming the member that is wrong
 */
export function readOutput(request: Fields): ReadOutput {
  const config = request.object("output_config");
  const older = request.object("output_format");
  const format = config?.object("format");
  if (format && older) throw expected("output_format", "output_config.format alone");
  const schema = readSchema(format ?? older);
  const effort = config?.string("effort");
  const read = new Set([
    ...(effort === undefined ? [] : ["effort"]),
    ...(schema && format ? ["format"] : []),
  ]);
  return {
    ...defined({ responseFormat: schema, reasoningEffort: effort }),
    left: defined({
      output_config: leftOfConfig(request.json.output_config, read),
      output_format: leftOfFormat(older, schema),
    }),
  };
}

/** The vendor enforces every schema and knows no name for it. */
function readSchema(format: Fields | undefined): ResponseFormat | undefined {
  const schema = format?.json.type === "json_schema" ? objectOf(format.json.schema) : undefined;
  return schema && { type: "json-schema", name: formatName, schema, strict: true };
}

const formatName = "answer";

function leftOfConfig(
  value: JsonObject[string] | undefined,
  read: ReadonlySet<string>,
): JsonObject[string] | undefined {
  const config = objectOf(value);
  if (!config || read.size === 0) return value;
  return unlessEmpty(rest(config, read));
}

/** An empty object where everything has been read: it tells which of the two names the client used. */
function leftOfFormat(older: Fields | undefined, schema: ResponseFormat | undefined): JsonObject | undefined {
  if (!older) return undefined;
  return schema ? rest(older.json, new Set(["type", "schema"])) : older.json;
}

/**
 * Writes the configuration of the output, over what was left of it when it was read.
 *
 * Words for effort are the same in both dialects but for OpenAI's `minimal`, which is the least here, `low`, and
 * `none`, which is thinking switched off.
 *
 * @throws `invalid_request` for JSON without a schema: this dialect has no such mode
 */
export function writeOutput(request: ChatRequest, own: JsonObject): JsonObject {
  const { reasoningEffort, responseFormat } = request;
  const format = responseFormat && writeFormat(responseFormat);
  const isOlder = format && objectOf(own.output_format);
  const isOff = reasoningEffort === "none";
  const effort = reasoningEffort === "minimal" ? "low" : reasoningEffort;
  const config = defined({
    effort: isOff ? undefined : effort,
    format: isOlder ? undefined : format,
  });
  return defined({
    output_config: unlessEmpty(config) ? { ...objectOf(own.output_config), ...config } : undefined,
    output_format: isOlder ? { ...isOlder, ...format } : undefined,
    thinking: isOff ? (own.thinking ?? { type: "disabled" }) : undefined,
  });
}

function writeFormat(format: ResponseFormat): JsonObject | undefined {
  if (format.type === "json") throw cannotSay("responseFormat", "json without a schema");
  if (format.type !== "json-schema") return undefined;
  const { schema, description } = format;
  return { type: "json_schema", schema: { ...defined({ description }), ...schema } };
}

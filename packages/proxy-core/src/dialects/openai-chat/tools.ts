/**
 * Tools, the choice among them, and calls of them.
 *
 * @module
 */

import type { JsonObject, JsonValue, Tool, ToolCallContent, ToolChoice } from "@llmproxy/spec";
import { defined, isObject, objectOf, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { expected, Fields } from "../fields.ts";
import { dialectName, ownExtra, withOwn } from "./extra.ts";

const toolMembers = new Set(["name", "description", "parameters", "strict"]);

/**
 * Reads one tool. What is not a function (custom tools, tools a vendor runs itself) keeps its whole definition
 * in `extra`, with its `type` to tell.
 *
 * @throws `invalid_request`
 */
export function readTool(value: JsonValue, path: string): Tool {
  const tool = Fields.of(value, path);
  const type = tool.string("type") ?? "function";
  if (type !== "function") return { name: otherName(tool.json) ?? type, ...withOwn(tool.json) };
  const definition = tool.requiredObject("function");
  const inner = unlessEmpty(rest(definition.json, toolMembers));
  return {
    name: definition.requiredText("name"),
    ...defined({
      description: definition.string("description"),
      parameters: definition.object("parameters")?.json,
      strict: definition.boolean("strict"),
    }),
    ...withOwn({ ...rest(tool.json, functionMember), ...(inner ? { function: inner } : {}) }),
  };
}

const functionMember = new Set(["function"]);

function otherName(json: JsonObject): string | undefined {
  const name = objectOf(json.custom)?.name;
  return typeof name === "string" ? name : undefined;
}

/** Writes one tool. */
export function writeTool(tool: Tool): JsonObject {
  const own = ownExtra(tool.extra);
  if (own && (own.type ?? "function") !== "function") return own;
  const { name, description, parameters, strict } = tool;
  return {
    ...(own ?? { type: "function" }),
    function: { ...objectOf(own?.function), name, ...defined({ description, parameters, strict }) },
  };
}

const choiceTypes = ["auto", "none", "required"] as const;

/**
 * Reads `tool_choice`; forms only this dialect has (`allowed_tools`, custom tools, vendors' own words) are opaque.
 *
 * @throws `invalid_request`
 */
export function readToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined;
  const type = choiceTypes.find((name) => name === value);
  if (type) return { type };
  if (typeof value !== "string" && !isObject(value))
    throw expected("tool_choice", `"auto", "none", "required" or an object naming a function`);
  const name = namedFunction(value);
  return name === undefined ? { type: "opaque", dialect: dialectName, value } : { type: "tool", name };
}

/** The name in `{"type":"function","function":{"name":…}}`, if the value says no more than that. */
function namedFunction(value: JsonValue): string | undefined {
  if (!isObject(value) || value.type !== "function" || Object.keys(value).length !== 2) return undefined;
  const { name, ...others } = objectOf(value.function) ?? {};
  return typeof name === "string" && !unlessEmpty(others) ? name : undefined;
}

/**
 * Writes a choice.
 *
 * @throws `invalid_request` for one only another dialect has
 */
export function writeToolChoice(choice: ToolChoice): JsonValue {
  if (choice.type === "tool") return { type: "function", function: { name: choice.name } };
  if (choice.type !== "opaque") return choice.type;
  if (choice.dialect === dialectName) return choice.value;
  throw cannotSay("toolChoice", `a choice of ${choice.dialect}`);
}

const callMembers = new Set(["id", "function"]);
const calledMembers = new Set(["name", "arguments"]);

/**
 * Reads one tool call of an assistant's message; undefined when it is not of a function.
 *
 * @throws `invalid_request`
 */
export function readToolCall(value: JsonValue, path: string): ToolCallContent | undefined {
  const call = Fields.of(value, path);
  if ((call.string("type") ?? "function") !== "function") return undefined;
  const called = call.requiredObject("function");
  const inner = unlessEmpty(rest(called.json, calledMembers));
  return {
    type: "tool-call",
    id: call.requiredString("id"),
    name: called.requiredString("name"),
    arguments: called.requiredString("arguments"),
    ...withOwn({ ...rest(call.json, callMembers), ...(inner ? { function: inner } : {}) }),
  };
}

/** Writes one tool call. */
export function writeToolCall(call: ToolCallContent): JsonObject {
  const own = ownExtra(call.extra);
  return {
    ...(own ?? { type: "function" }),
    id: call.id,
    function: { ...objectOf(own?.function), name: call.name, arguments: call.arguments },
  };
}

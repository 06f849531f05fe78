/**
 * Tools and the choice among them.
 *
 * @module
 */

import type { JsonObject, JsonValue, Tool, ToolChoice } from "@llmproxy/spec";
import { defined, isObject, rest, unlessEmpty } from "../../json/value.ts";
import { cannotSay } from "../cannot-say.ts";
import { Fields } from "../fields.ts";
import { dialectName, ownExtra, withOwn } from "./extra.ts";

const toolMembers = new Set(["name", "description", "input_schema", "strict"]);

/**
 * Reads one tool. What the client does not run itself (web search, code execution) keeps its whole definition in
 * `extra`, with its `type` to tell.
 *
 * @throws `invalid_request`
 */
export function readTool(value: JsonValue, path: string): Tool {
  const tool = Fields.of(value, path);
  const type = tool.string("type") ?? "custom";
  if (type !== "custom") return { name: tool.string("name") ?? type, ...withOwn(tool.json) };
  return {
    name: tool.requiredText("name"),
    parameters: tool.requiredObject("input_schema").json,
    ...defined({ description: tool.string("description"), strict: tool.boolean("strict") }),
    ...withOwn(rest(tool.json, toolMembers)),
  };
}

/** What a tool without parameters takes; the vendor wants a schema of an object in any case. */
const noParameters: JsonObject = { type: "object", properties: {} };

/** Writes one tool. */
export function writeTool(tool: Tool): JsonObject {
  const own = ownExtra(tool.extra);
  if (own && (own.type ?? "custom") !== "custom") return own;
  const { name, description, strict } = tool;
  const parameters = tool.parameters && (own ? tool.parameters : unlessEmpty(tool.parameters));
  return { ...own, name, ...defined({ description, strict }), input_schema: parameters ?? noParameters };
}

/** The vocabulary of a choice. */
export interface ReadChoice {
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  /** What of its JSON has not become vocabulary. */
  readonly left: JsonObject;
}

const choices = { auto: "auto", any: "required", none: "none" } as const;
const choiceMembers = new Set(["type", "name", "disable_parallel_tool_use"]);

/**
 * Reads `tool_choice`, which also says whether tools may be called in parallel; an unknown type is opaque.
 *
 * @throws `invalid_request`
 */
export function readToolChoice(choice: Fields): ReadChoice {
  const type = choice.requiredString("type");
  if (type !== "tool" && !isPlain(type))
    return { toolChoice: { type: "opaque", dialect: dialectName, value: choice.json }, left: {} };
  const isSequential = choice.boolean("disable_parallel_tool_use");
  return {
    toolChoice: isPlain(type) ? { type: choices[type] } : { type: "tool", name: choice.requiredText("name") },
    ...(isSequential === undefined ? {} : { parallelToolCalls: !isSequential }),
    left: rest(choice.json, choiceMembers),
  };
}

function isPlain(type: string): type is keyof typeof choices {
  return Object.hasOwn(choices, type);
}

/** What is written as `tool_choice`. */
export interface WriteChoiceOptions {
  readonly toolChoice: ToolChoice | undefined;
  readonly parallelToolCalls: boolean | undefined;
  /** Whether there are tools to choose from; without any the vendor takes no choice. */
  readonly hasTools: boolean;
  /** What was left when it was read. */
  readonly left: JsonObject | undefined;
}

/**
 * Writes `tool_choice`.
 *
 * @throws `invalid_request` for a choice only another dialect has
 */
export function writeToolChoice(options: WriteChoiceOptions): JsonValue | undefined {
  const { toolChoice, parallelToolCalls, hasTools, left } = options;
  if (toolChoice?.type === "opaque") {
    if (toolChoice.dialect === dialectName) return toolChoice.value;
    throw cannotSay("toolChoice", `a choice of ${toolChoice.dialect}`);
  }
  const isFree = !toolChoice || toolChoice.type === "auto" || toolChoice.type === "none";
  if ((isFree && !hasTools) || (!toolChoice && parallelToolCalls === undefined)) return undefined;
  if (toolChoice?.type === "none") return { ...left, type: "none" };
  const disable_parallel_tool_use = parallelToolCalls === undefined ? undefined : !parallelToolCalls;
  return { ...left, ...chosen(toolChoice), ...defined({ disable_parallel_tool_use }) };
}

function chosen(choice: Exclude<ToolChoice, { type: "opaque" }> | undefined): JsonObject {
  if (choice?.type === "tool") return { type: "tool", name: choice.name };
  return { type: choice?.type === "required" ? "any" : "auto" };
}

/** What is left of `tool_choice` in the extra of a request. */
export function leftOfChoice(own: JsonObject): JsonObject | undefined {
  return isObject(own.tool_choice) ? own.tool_choice : undefined;
}

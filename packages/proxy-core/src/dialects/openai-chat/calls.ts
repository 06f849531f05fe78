/**
 * Tool calls in answers. In a stream they come in fragments: the first has id and name, each may have a piece of
 * the arguments.
 *
 * Vendors differ in what tells parallel calls apart: an `index`, an `id`, or nothing where a call comes whole.
 *
 * @module
 */

import { type Extra, type JsonObject, type JsonValue, type Part, ProxyError } from "@llmproxy/spec";
import { defined, isObject, objectOf, textOf } from "../../json/value.ts";
import { withOwn } from "./extra.ts";
import type { Form } from "./part-extra.ts";

/** Reads the tool calls of one choice. */
export interface CallReader {
  /**
   * @param fragment - an element of `tool_calls`
   * @returns a start and a delta, one of them, or an opaque part for what is not a function call
   * @throws `upstream_failed` when there are more calls than any answer has
   */
  read(fragment: JsonValue, choice: number): readonly Part[];
}

interface Call {
  readonly index: number;
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** Whether its first fragment has all its arguments. */
  readonly isWhole: boolean;
}

/** The most tool calls of one choice. */
const maxCalls = 1_024;

/** Makes a reader for one choice. */
export function createCallReader(form: Form): CallReader {
  const calls: Call[] = [];
  const byIndex = new Map<number, Call>();

  /** The call a fragment goes on with; undefined when it begins one. */
  const find = (fragment: Fragment): Call | undefined => {
    const { at, id } = fragment;
    if (form === "unary") return undefined;
    if (at === undefined && id !== undefined) return calls.find((call) => call.id === id);
    const call = at === undefined ? calls.at(-1) : byIndex.get(at);
    return call && isOther(fragment, call) ? undefined : call;
  };

  const begin = (fragment?: Fragment): Call => {
    if (calls.length >= maxCalls)
      throw new ProxyError("upstream_failed", `the provider sent more than ${maxCalls} tool calls`);
    const { at, id, name } = fragment ?? {};
    const text = form === "stream" ? argumentsText(fragment?.called.arguments) : "";
    const call = { index: calls.length, id, name, isWhole: isObjectText(text) };
    calls.push(call);
    if (at !== undefined) byIndex.set(at, call);
    return call;
  };

  /** In a unary answer the place of a call is its index. */
  const place = (): { readonly at?: number } => (form === "unary" ? { at: begin().index } : {});

  return {
    read(value, choice) {
      const fragment = readFragment(value);
      if (!fragment) return [{ type: "opaque", choice, ...withOwn({ call: value, ...place() }) }];
      const known = find(fragment);
      return known
        ? [deltaPart(fragment, choice, known, withOwn({ call: left(fragment, false) }))]
        : startParts(fragment, choice, begin(fragment));
    },
  };
}

/**
 * Whether a fragment is not of the call its index, or the lack of one, points to. Some vendors give all parallel
 * calls one index: another id and a name tell then or, where there are no ids, a name behind a call that is whole.
 */
function isOther({ id, name }: Fragment, call: Call): boolean {
  if (name === undefined) return false;
  return id === undefined ? call.isWhole || (call.name ?? name) !== name : call.id !== id;
}

function isObjectText(text: string): boolean {
  if (!text.endsWith("}")) return false;
  try {
    return isObject(JSON.parse(text));
  } catch {
    // There is more to come.
    return false;
  }
}

/** A piece of a call of a function. */
interface Fragment {
  readonly json: JsonObject;
  readonly called: JsonObject;
  /** The vendor's index. */
  readonly at: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
}

function readFragment(value: JsonValue): Fragment | undefined {
  if (!isObject(value)) return undefined;
  const called = objectOf(value.function);
  if (!called) return undefined;
  const at = Number.isInteger(value.index) ? Number(value.index) : undefined;
  return { json: value, called, at, id: textOf(value.id), name: textOf(called.name) };
}

function startParts(fragment: Fragment, choice: number, call: Call): readonly Part[] {
  const { id = `call_${call.index}`, name = "", called } = fragment;
  const own = { call: left(fragment, true), ...(fragment.id === undefined ? { isAnonymous: true } : {}) };
  const start: Part = { type: "tool-call-start", choice, index: call.index, id, name, ...withOwn(own) };
  return argumentsText(called.arguments) === "" ? [start] : [start, deltaPart(fragment, choice, call, {})];
}

function deltaPart(
  { called }: Fragment,
  choice: number,
  { index }: Call,
  kept: { readonly extra?: Extra },
): Part {
  return { type: "tool-call-delta", choice, index, arguments: argumentsText(called.arguments), ...kept };
}

/** Some vendors write arguments as an object instead of JSON text. */
function argumentsText(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  return isObject(value) ? JSON.stringify(value) : "";
}

/** What is left of a fragment: of one that goes on with a call also id and name. */
function left({ json, called }: Fragment, isStart: boolean): JsonObject {
  const { id, function: _, ...others } = json;
  const { name, arguments: text, ...inner } = called;
  const isSaid = (value: JsonValue | undefined): boolean => isStart && textOf(value) !== undefined;
  return {
    ...others,
    ...defined({ id: isSaid(id) ? undefined : id }),
    function: {
      ...inner,
      ...defined({
        name: isSaid(name) ? undefined : name,
        arguments: textOf(text) === undefined ? text : undefined,
      }),
    },
  };
}

/** A tool call, or a fragment of one, that is being put together. */
export interface CallDraft {
  readonly index: number;
  /** What was left of the fragment when it was read, where it is to be written the same again. */
  readonly left?: JsonObject | undefined;
  /** What was kept whole: a fragment that is not of a function call. */
  whole?: JsonValue | undefined;
  id?: string | undefined;
  name?: string | undefined;
  arguments: string;
}

/** Writes a tool call of a unary answer, or a fragment of one in a stream. */
export function writeCall(call: CallDraft, form: Form): JsonValue {
  const { index, left, whole, id, name } = call;
  if (whole !== undefined) return whole;
  const members = defined({ id, type: id === undefined ? undefined : "function" });
  if (!left) {
    const called = defined({ name, arguments: call.arguments });
    return form === "unary" ? { ...members, function: called } : { index, ...members, function: called };
  }
  const inner = objectOf(left.function);
  const isUnchanged = isObject(inner?.arguments) && argumentsText(inner.arguments) === call.arguments;
  const text = isUnchanged ? undefined : textOf(call.arguments);
  return {
    ...left,
    ...defined({ id }),
    function: { ...inner, ...defined({ name: textOf(name), arguments: text }) },
  };
}

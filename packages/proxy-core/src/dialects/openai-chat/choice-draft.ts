/**
 * One choice of a chunk, or of a unary answer, that is being put together.
 *
 * @module
 */

import type { JsonObject, JsonValue, Part } from "@llmproxy/spec";
import { defined, isObject, objectOf } from "../../json/value.ts";
import { type CallDraft, writeCall } from "./calls.ts";
import { ownExtra } from "./extra.ts";
import { writeFinishReason } from "./finish-reason.ts";
import { fold } from "./fold.ts";
import { writeItem } from "./items.ts";
import type { Form } from "./part-extra.ts";

/** A part that says something in a choice. */
export type ChoicePart = Exclude<Part, { readonly type: "start" | "usage" }>;

/** Puts a choice together. */
export class ChoiceDraft {
  /** The choice's number. */
  readonly number: number;
  readonly #form: Form;
  readonly #isExact: boolean;
  readonly #calls: CallDraft[] = [];
  readonly #items: JsonValue[] = [];
  #choice: JsonObject = {};
  #message: JsonObject | undefined;
  #text: string | undefined;
  #reasoning: string | undefined;
  #reasoningMember = "reasoning_content";
  #refusal: string | undefined;
  #logprobs: JsonValue | undefined;
  #finishReason: string | undefined;

  /**
   * @param number - the choice's number
   * @param isExact - whether the first part has what is left of a choice, which is to be written back as it was
   */
  constructor(number: number, form: Form, isExact: boolean) {
    this.number = number;
    this.#form = form;
    this.#isExact = isExact;
  }

  /** Adds what a part says. */
  add(part: ChoicePart): void {
    if (part.type === "logprobs") {
      this.#logprobs = mergeLogprobs(this.#logprobs, part.value);
      return;
    }
    const own = ownExtra(part.extra) ?? {};
    this.#keep(own);
    switch (part.type) {
      case "text-delta":
        this.#addText(part.text, own);
        break;
      case "reasoning-delta":
        this.#addReasoning(part.text, own);
        break;
      case "refusal-delta":
        this.#refusal = (this.#refusal ?? "") + part.text;
        break;
      case "opaque":
        this.#addOpaque(own);
        break;
      case "finish":
        this.#finishReason = writeFinishReason(part.reason, own.finish_reason);
        break;
      default:
        this.#addCall(part, own);
    }
  }

  #addText(text: string, { item }: JsonObject): void {
    if (this.#isExact && item !== undefined) this.#items.push(writeItem(item, text));
    else this.#text = (this.#text ?? "") + text;
  }

  #addReasoning(text: string, { item, member }: JsonObject): void {
    if (this.#isExact && item !== undefined) this.#items.push(writeItem(item, text));
    else if (text !== "" || this.#isExact) this.#reasoning = (this.#reasoning ?? "") + text;
    if (this.#isExact && typeof member === "string") this.#reasoningMember = member;
  }

  #keep(own: JsonObject): void {
    const choice = objectOf(own.choice) ?? {};
    const message = objectOf(own.message);
    if (this.#isExact) {
      if (own.choice !== undefined) this.#choice = choice;
      if (message) this.#message = message;
      return;
    }
    const { index, logprobs, finish_reason, delta, message: _, ...others } = choice;
    this.#choice = fold(this.#choice, others);
    if (!message) return;
    const { role, content, refusal, reasoning_content, reasoning, tool_calls, ...kept } = message;
    this.#message = fold(this.#message ?? {}, kept);
  }

  #addCall(part: Extract<Part, { type: "tool-call-start" | "tool-call-delta" }>, own: JsonObject): void {
    const left = this.#isExact ? objectOf(own.call) : undefined;
    const open = this.#calls.findLast(({ index, whole }) => index === part.index && whole === undefined);
    if (part.type === "tool-call-delta" && open && !left) {
      open.arguments += part.arguments;
      return;
    }
    const { index } = part;
    if (part.type === "tool-call-delta") this.#calls.push({ index, left, arguments: part.arguments });
    else {
      const id = this.#isExact && own.isAnonymous === true ? undefined : part.id;
      this.#calls.push({ index, left, id, name: part.name, arguments: "" });
    }
  }

  #addOpaque({ call, at, item }: JsonObject): void {
    if (this.#isExact) {
      if (item !== undefined) this.#items.push(item);
      if (call !== undefined) this.#calls.push({ index: -1, whole: call, arguments: "" });
    } else if (isObject(call)) this.#foldCall(call, at);
  }

  /** Calls that are not of functions come in fragments too; in a stream each has an index. */
  #foldCall(call: JsonObject, place: JsonValue | undefined): void {
    const { index = place ?? this.#calls.length, ...others } = call;
    const known = this.#calls.find(({ whole }) => isObject(whole) && whole.index === index);
    if (isObject(known?.whole)) known.whole = { ...fold(known.whole, others), index };
    else this.#calls.push({ index: -1, whole: { ...others, index }, arguments: "" });
  }

  /**
   * What has been put together.
   *
   * @param withRole - whether a choice that is not exact is to begin with a role
   */
  toJson(withRole: boolean): JsonObject {
    if (this.#isExact) return this.#exact();
    return this.#form === "unary" ? this.#unary() : this.#chunk(withRole);
  }

  #exact(): JsonObject {
    const said = defined({
      content: this.#items.length > 0 ? this.#items : this.#text,
      refusal: this.#refusal,
      [this.#reasoningMember]: this.#reasoning,
      tool_calls: this.#toolCalls(),
    });
    const hasMessage = this.#message !== undefined || Object.keys(said).length > 0;
    const name = this.#form === "stream" ? "delta" : "message";
    return {
      ...this.#choice,
      ...(hasMessage ? { [name]: { ...this.#message, ...said } } : {}),
      ...defined({ logprobs: this.#logprobs, finish_reason: this.#finishReason }),
    };
  }

  #unary(): JsonObject {
    const hasOther = this.#refusal !== undefined || this.#calls.length > 0;
    const message = {
      role: "assistant",
      content: this.#text ?? (hasOther ? null : ""),
      refusal: this.#refusal ?? null,
      ...this.#message,
      ...defined({ reasoning_content: this.#reasoning, tool_calls: this.#toolCalls() }),
    };
    return {
      index: this.number,
      message,
      ...this.#choice,
      logprobs: this.#logprobs ?? null,
      finish_reason: this.#finishReason ?? null,
    };
  }

  #chunk(withRole: boolean): JsonObject {
    const delta = defined({
      role: withRole ? "assistant" : undefined,
      content: this.#text,
      refusal: this.#refusal,
      reasoning_content: this.#reasoning,
      tool_calls: this.#toolCalls(),
      ...this.#message,
    });
    return {
      index: this.number,
      delta,
      ...this.#choice,
      ...defined({ logprobs: this.#logprobs }),
      finish_reason: this.#finishReason ?? null,
    };
  }

  #toolCalls(): readonly JsonValue[] | undefined {
    if (this.#calls.length === 0) return undefined;
    const calls = this.#calls.map((call) => writeCall(call, this.#form));
    return this.#isExact || this.#form === "stream" ? calls : calls.map(withoutIndex);
  }
}

/** A unary answer's calls are told apart by their place. */
function withoutIndex(call: JsonValue): JsonValue {
  if (!isObject(call)) return call;
  const { index, ...members } = call;
  return members;
}

function mergeLogprobs(before: JsonValue | undefined, more: JsonValue): JsonValue {
  return isObject(before) && isObject(more) ? fold(before, more) : more;
}

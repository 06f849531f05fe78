/**
 * From parts to a message that is written at once.
 *
 * @module
 */

import type { FinishPart, JsonObject, JsonValue, Part, StartPart, UsagePart } from "@llmproxy/spec";
import { isArray, isObject, objectOf, textOf } from "../../json/value.ts";
import { ownExtra } from "./extra.ts";
import { type End, writeMembers, writeReason } from "./message.ts";
import { unknownUsage, writeUsage } from "./usage.ts";

type CallPart = Extract<Part, { type: "tool-call-start" | "tool-call-delta" }>;

/** A block that is being put together. */
interface BlockDraft {
  block: JsonObject;
  /** The JSON text of its `input`, where that came in pieces. */
  input?: string;
  /** Whether it is a thought that has been signed, so that it says no more. */
  isSigned?: boolean;
}

/** What blocks are before anything has been said in them. */
const emptyBlocks: Readonly<Record<"text" | "thinking", JsonObject>> = {
  text: { type: "text", text: "" },
  thinking: { type: "thinking", thinking: "", signature: "" },
};

/** A message that is being put together. */
export class MessageDraft {
  readonly #blocks: BlockDraft[] = [];
  readonly #calls = new Map<number, BlockDraft>();
  /** The block parts add to; after its end none. */
  #open: BlockDraft | undefined;
  #start: StartPart | undefined;
  #finish: FinishPart | undefined;
  #usage: UsagePart | undefined;
  #hasRefused = false;

  /** Adds what a part says. */
  add(part: Part): void {
    switch (part.type) {
      case "start":
        this.#start ??= part;
        break;
      case "text-delta":
        this.#addText(part.text, ownExtra(part.extra));
        break;
      case "refusal-delta":
        this.#hasRefused = true;
        this.#addText(part.text, undefined);
        break;
      case "reasoning-delta":
        this.#addReasoning(part, ownExtra(part.extra));
        break;
      case "opaque":
        this.#addOpaque(ownExtra(part.extra) ?? {});
        break;
      case "finish":
        this.#finish = part;
        break;
      case "usage":
        this.#usage = part;
        break;
      case "tool-call-start":
      case "tool-call-delta":
        this.#addCall(part);
        break;
      default:
    }
  }

  #begin(block: JsonObject): BlockDraft {
    const draft: BlockDraft = { block };
    this.#blocks.push(draft);
    this.#open = draft;
    return draft;
  }

  /** The open block if it is of this type and no other begins, else a new one. */
  #block(type: "text" | "thinking", start: JsonObject | undefined): BlockDraft {
    const open = this.#open;
    return open && !start && open.block.type === type && !open.isSigned
      ? open
      : this.#begin(start ?? emptyBlocks[type]);
  }

  #addText(text: string, own: JsonObject | undefined): void {
    const start = objectOf(own?.start);
    if (text === "" && !start) return;
    grow(this.#block("text", start), "text", text);
  }

  #addReasoning(
    { text, signature }: Extract<Part, { type: "reasoning-delta" }>,
    own: JsonObject | undefined,
  ): void {
    const start = objectOf(own?.start);
    if (start && start.type !== "thinking") {
      this.#begin(start);
      return;
    }
    if (text === "" && signature === undefined && !start) return;
    const draft = this.#block("thinking", start);
    grow(draft, "thinking", text);
    if (signature === undefined) return;
    draft.block = { ...draft.block, signature };
    draft.isSigned = true;
  }

  #addCall(part: CallPart): void {
    if (part.type === "tool-call-delta") {
      const draft = this.#calls.get(part.index);
      if (draft) draft.input = (draft.input ?? "") + part.arguments;
      return;
    }
    const { id, name } = part;
    const { input, ...start } = objectOf(ownExtra(part.extra)?.start) ?? {};
    const draft = this.#begin({ type: "tool_use", id, name, ...start, input: {} });
    this.#calls.set(part.index, draft);
    this.#open = undefined;
  }

  #addOpaque({ start, delta, isStop }: JsonObject): void {
    if (isStop === true) this.#open = undefined;
    else if (isObject(start)) this.#begin(start);
    else if (isObject(delta) && this.#open) addDelta(this.#open, delta);
  }

  /** What has been put together. */
  toJson(): JsonObject {
    const end: End = {
      finish: this.#finish,
      usage: this.#usage,
      said: { hasCalls: this.#calls.size > 0, hasRefused: this.#hasRefused },
    };
    const own = ownExtra(this.#start?.extra);
    const members = writeMembers(this.#start);
    const isStream = own?.form === "stream";
    const before = isStream ? objectOf(members.usage) : undefined;
    return {
      ...members,
      content: this.#blocks.map(writeBlock),
      ...(own && !this.#finish ? {} : writeReason(end)),
      ...objectOf(ownExtra(this.#finish?.extra)?.event),
      ...writeWholeUsage(this.#usage, before, own !== undefined),
    };
  }
}

/** A vendor that told no usage in its own dialect still tells none. */
function writeWholeUsage(
  usage: UsagePart | undefined,
  before: JsonObject | undefined,
  isOwn: boolean,
): JsonObject {
  if (usage) return { usage: writeUsage(usage, before, true) };
  return isOwn ? {} : { usage: unknownUsage };
}

function writeBlock({ block, input }: BlockDraft): JsonValue {
  return input === undefined ? block : { ...block, input: readInput(input) };
}

/**
 * The input of a tool. What is not the JSON text of an object is wrapped, as Anthropic advises for what its own
 * models write in that way.
 *
 * @see Anthropic API, "Fine-grained tool streaming", handling invalid JSON in tool responses
 */
function readInput(text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const input: unknown = JSON.parse(text);
    if (isObject(input)) return input;
  } catch {
    // Wrapped below.
  }
  return { INVALID_JSON: text };
}

function grow(draft: BlockDraft, name: string, text: string): void {
  draft.block = { ...draft.block, [name]: (textOf(draft.block[name]) ?? "") + text };
}

/** What a delta adds to a block that only this dialect has, or to a text in words only this dialect has. */
function addDelta(draft: BlockDraft, { type, ...members }: JsonObject): void {
  if (type === "input_json_delta") {
    draft.input = (draft.input ?? "") + (textOf(members.partial_json) ?? "");
    return;
  }
  if (type === "citations_delta" && members.citation !== undefined) {
    const { citations } = draft.block;
    draft.block = { ...draft.block, citations: [...(isArray(citations) ? citations : []), members.citation] };
    return;
  }
  for (const [name, value] of Object.entries(members))
    if (typeof value === "string") grow(draft, name, value);
    else draft.block = { ...draft.block, [name]: value };
}

/**
 * From parts to events, in the order the grammar wants: a message begins, blocks begin, grow and end one after
 * the other with rising indices, the message ends.
 *
 * Whatever the parts are, that is what comes out: a block begins where its kind changes or a part says that one
 * does, and it ends before the next begins. Parts that were read from a stream of this dialect give the same
 * events again.
 *
 * @module
 */

import type { ChatRequest, FinishPart, JsonObject, Part, StartPart, UsagePart } from "@llmproxy/spec";
import { isObject, objectOf } from "../../json/value.ts";
import { deltaFrame, eventFrame } from "./event-frame.ts";
import { ownExtra } from "./extra.ts";
import { type End, writeBegin, writeEndUsage, writeReason } from "./message.ts";

interface Thought {
  readonly text: string;
  readonly signature: string | undefined;
}

/** The kind of a block, as far as parts can add to it. */
type Kind = "text" | "thinking" | "tool_use" | "opaque";

const emptyBlocks = {
  text: { type: "text", text: "" },
  thinking: { type: "thinking", thinking: "", signature: "" },
} as const;

/** A part that says something in the message. */
type ContentPart = Exclude<Part, { type: "start" | "logprobs" | "finish" | "usage" }>;

/** Writes the events of one message from parts that are in order. */
export class EventWriter {
  readonly #chat: ChatRequest | undefined;
  #index = -1;
  #open: Kind | undefined;
  /** Whether the open block is a thought that has been signed, so that it says no more. */
  #isSigned = false;
  #hasStarted = false;
  #hasEnded = false;
  #hasCalls = false;
  #hasRefused = false;
  #finish: FinishPart | undefined;
  #usage: UsagePart | undefined;
  #usageBefore: JsonObject | undefined;

  /** @param chat - what was asked, for a begin of which the vendor does not tell the usage */
  constructor(chat: ChatRequest | undefined) {
    this.#chat = chat;
  }

  /** The events for a part, possibly none. */
  write(part: Part): string {
    switch (part.type) {
      case "start":
        return this.#start(part);
      case "logprobs":
        return "";
      case "finish":
        this.#finish = part;
        return "";
      case "usage":
        this.#usage = part;
        return this.#finish ? this.#end() : "";
      default:
        return this.#say(part, ownExtra(part.extra));
    }
  }

  /** What comes before the frame that ends the stream. */
  end(): string {
    return this.#end();
  }

  #start(start: StartPart | undefined): string {
    if (this.#hasStarted) return "";
    this.#hasStarted = true;
    const own = ownExtra(start?.extra);
    const message = writeBegin(start, this.#chat);
    this.#usageBefore = own?.form === "stream" ? objectOf(message.usage) : undefined;
    return eventFrame({ type: "message_start", message, ...objectOf(own?.event) });
  }

  #end(): string {
    if (this.#hasEnded) return "";
    const before = this.#start(undefined) + this.#close(undefined);
    this.#hasEnded = true;
    const said = { hasCalls: this.#hasCalls, hasRefused: this.#hasRefused };
    const end: End = { finish: this.#finish, usage: this.#usage, said };
    const usage = writeEndUsage(end, this.#usageBefore);
    const left = objectOf(ownExtra(this.#finish?.extra)?.event);
    return before + eventFrame({ type: "message_delta", delta: writeReason(end), usage, ...left });
  }

  #say(part: ContentPart, own: JsonObject | undefined): string {
    // An opaque part without an extra of ours is another dialect's; nothing can be added to what has ended.
    if ((part.type === "opaque" && !own) || (this.#hasEnded && own?.other === undefined)) return "";
    return this.#start(undefined) + this.#content(part, own ?? {});
  }

  #content(part: ContentPart, own: JsonObject): string {
    switch (part.type) {
      case "text-delta":
        return this.#text(part.text, own);
      case "refusal-delta":
        this.#hasRefused = true;
        return this.#text(part.text, {});
      case "reasoning-delta":
        return this.#reasoning(part, own);
      case "tool-call-start":
        this.#hasCalls = true;
        return this.#begin("tool_use", startOfCall(part, objectOf(own.start)), own);
      case "tool-call-delta":
        return own.isInStart === true || part.arguments === "" || this.#open !== "tool_use"
          ? ""
          : this.#delta({ type: "input_json_delta", partial_json: part.arguments }, own);
      case "opaque":
        return this.#opaque(own);
    }
  }

  #text(text: string, own: JsonObject): string {
    const start = objectOf(own.start);
    if (start && own.isInStart === true) return this.#begin("text", { ...start, text }, own);
    const before = start
      ? this.#begin("text", { ...emptyBlocks.text, ...start }, own)
      : this.#open === "text" || text === ""
        ? ""
        : this.#begin("text", emptyBlocks.text, {});
    return text === "" ? before : before + this.#delta({ type: "text_delta", text }, start ? {} : own);
  }

  #reasoning({ text, signature }: Extract<Part, { type: "reasoning-delta" }>, own: JsonObject): string {
    const start = objectOf(own.start);
    if (start) return this.#beginThought({ text, signature }, start, own);
    if (text === "" && signature === undefined) return "";
    const isOpen = this.#open === "thinking" && !this.#isSigned;
    const before = isOpen ? "" : this.#begin("thinking", emptyBlocks.thinking, {});
    return before + this.#think({ text, signature }, own);
  }

  #beginThought({ text, signature }: Thought, start: JsonObject, own: JsonObject): string {
    if (start.type !== "thinking") return this.#begin("opaque", start, own);
    if (own.isInStart !== true)
      return (
        this.#begin("thinking", { ...emptyBlocks.thinking, ...start }, own) +
        this.#think({ text, signature }, {})
      );
    const said = { thinking: text, ...(signature === undefined ? {} : { signature }) };
    return this.#begin("thinking", { ...start, ...said }, own);
  }

  #think({ text, signature }: Thought, own: JsonObject): string {
    const thought = text === "" ? "" : this.#delta({ type: "thinking_delta", thinking: text }, own);
    if (signature === undefined) return thought;
    this.#isSigned = true;
    return thought + this.#delta({ type: "signature_delta", signature }, own);
  }

  #opaque(own: JsonObject): string {
    const { start, delta, other } = own;
    if (isObject(start)) return this.#begin(kindOf(start), start, own);
    if (isObject(delta)) return this.#open ? this.#delta(delta, { event: own.event }) : "";
    if (own.isStop === true) return this.#close(objectOf(own.event));
    return isObject(other) && isEventName(other.type) ? eventFrame({ ...other, type: other.type }) : "";
  }

  #begin(kind: Kind, content_block: JsonObject, { event }: JsonObject): string {
    const before = this.#close(undefined);
    this.#index += 1;
    this.#open = kind;
    this.#isSigned = false;
    const left = objectOf(event);
    return before + eventFrame({ type: "content_block_start", index: this.#index, content_block, ...left });
  }

  #delta(delta: JsonObject, own: JsonObject): string {
    const left = objectOf(own.delta);
    // Nearly every event of a stream is such a one.
    if (!left && own.event === undefined) return deltaFrame(this.#index, delta);
    return eventFrame({
      type: "content_block_delta",
      index: this.#index,
      delta: left ? { ...delta, ...left } : delta,
      ...objectOf(own.event),
    });
  }

  #close(left: JsonObject | undefined): string {
    if (!this.#open) return "";
    this.#open = undefined;
    return eventFrame({ type: "content_block_stop", index: this.#index, ...left });
  }
}

/** Its id and name; an input that is not in the block comes in deltas. */
function startOfCall(
  { id, name }: Extract<Part, { type: "tool-call-start" }>,
  start: JsonObject | undefined,
): JsonObject {
  return { type: "tool_use", id, name, input: {}, ...start };
}

function kindOf({ type }: JsonObject): Kind {
  return type === "text" || type === "thinking" ? type : "opaque";
}

/** A line end in the name would begin a line of its own. */
function isEventName(type: unknown): type is string {
  return typeof type === "string" && /^[^\r\n]+$/.test(type);
}

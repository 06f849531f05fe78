/**
 * What a model thought, with its vendor's proof, where a client of this dialect keeps it: `reasoning_details`.
 *
 * Claude goes on with tools only from its own thoughts, unchanged and signed; this dialect has no member for that.
 * OpenRouter's has become the usual one: clients that send an assistant's message back as they got it send it too.
 * A thought is written whole, when it is signed, and with an index: clients that put the arrays of a stream together
 * by index (OpenAI's own for Python) get it right, and so do those that append. Where it stood between text and tool
 * calls, which this dialect keeps in members of their own, is told by `after`, which is ours.
 *
 * @see OpenRouter, "Reasoning tokens", preserving reasoning blocks
 * @module
 */

import type {
  Content,
  Extra,
  JsonObject,
  JsonValue,
  Part,
  ReasoningContent,
  ReasoningDeltaPart,
} from "@llmproxy/spec";
import { defined, isArray, isObject, objectOf, textOf } from "../../json/value.ts";
import { dialectName } from "./extra.ts";

/** Whose thoughts are in it; OpenRouter's name for Anthropic's. */
const format = "anthropic-claude-v1";
/** The dialect whose extra tells that a thought may go back to its vendor. */
const signer = "anthropic-messages";
/** What a thought comes after that stands between the text and the calls; behind a call it is the call's id. */
const afterContent = "content";
/** The most of a thought that is kept until it is signed, in characters: more than a model thinks in one go. */
const maxThought = 8_388_608;

/** Adds `reasoning_details` to the parts of one answer. */
export interface DetailWriter {
  /** The same part, or one that carries what is to be written beside it. */
  mark(part: Part): Part;
}

/** Makes a writer for one answer. Only thoughts of Anthropic's dialect are marked: others are not signed. */
export function createDetailWriter(): DetailWriter {
  return new Writer();
}

class Writer implements DetailWriter {
  #isSigner = false;
  /** What the thought at hand says so far. */
  #thought = "";
  #count = 0;
  /** What the next thought comes after. */
  #after: string | undefined;

  mark(part: Part): Part {
    if (part.type === "start") this.#isSigner = part.extra?.[signer] !== undefined;
    if (!this.#isSigner || part.type === "start" || part.type === "opaque") return part;
    if (part.type === "reasoning-delta") return this.#markThought(part);
    this.#thought = "";
    if (part.type === "tool-call-start") this.#after = part.id;
    else if ("text" in part && part.text !== "") this.#after ??= afterContent;
    return part;
  }

  #markThought(part: ReasoningDeltaPart): Part {
    const data = redacted(part.extra);
    if (data !== undefined) return this.#carry(part, { type: "reasoning.encrypted", data });
    if (this.#thought.length <= maxThought) this.#thought += part.text;
    if (part.signature === undefined || this.#thought.length > maxThought) return part;
    return this.#carry(part, { type: "reasoning.text", text: this.#thought, signature: part.signature });
  }

  #carry(part: ReasoningDeltaPart, detail: JsonObject): Part {
    const told = { ...detail, format, index: this.#count, ...defined({ after: this.#after }) };
    const own = { message: { reasoning_details: [told] } };
    this.#thought = "";
    this.#count += 1;
    return { ...part, extra: { ...part.extra, [dialectName]: own } };
  }
}

/** What of a thought only its vendor can read. */
function redacted(extra: Extra | undefined): JsonValue | undefined {
  const start = objectOf(extra?.[signer]?.start);
  return start?.type === "redacted_thinking" ? start.data : undefined;
}

/** A thought, and what it comes after; ahead of everything when that is absent. */
interface PlacedThought {
  readonly thought: ReasoningContent;
  readonly after?: string;
}

/** Whether there are thoughts in `reasoning_details` of an assistant's message that Anthropic takes back. */
export function hasThoughts(message: JsonObject): boolean {
  return readThoughts(message).length > 0;
}

/**
 * Puts the thoughts in `reasoning_details` of an assistant's message where they stood; the member itself is to be
 * kept as it is.
 *
 * @param content - what the message says otherwise, tool calls last
 */
export function placeThoughts(message: JsonObject, content: readonly Content[]): readonly Content[] {
  const ids = content.flatMap((item) => (item.type === "tool-call" ? [item.id] : []));
  const places = new Set([afterContent, ...ids]);
  const placed = Map.groupBy(readThoughts(message), ({ after = "" }) => (places.has(after) ? after : ""));
  const take = (place: string): readonly Content[] => {
    const thoughts = placed.get(place) ?? [];
    placed.delete(place);
    return thoughts.map(({ thought }) => thought);
  };
  const firstCall = content.findIndex(({ type }) => type === "tool-call");
  const end = firstCall === -1 ? content.length : firstCall;
  return [
    ...take(""),
    ...content.slice(0, end),
    ...take(afterContent),
    ...content.slice(end).flatMap((item) => [item, ...(item.type === "tool-call" ? take(item.id) : [])]),
  ];
}

/** Pieces of one thought are put together. */
function readThoughts({ reasoning_details }: JsonObject): readonly PlacedThought[] {
  if (!isArray(reasoning_details)) return [];
  const details = reasoning_details.filter(isObject).filter((detail) => detail.format === format);
  return joinPieces(details).flatMap((detail) => {
    const thought = readThought(detail);
    return thought ? [{ thought, ...defined({ after: textOf(detail.after) }) }] : [];
  });
}

/** OpenRouter streams a thought in pieces, of which clients keep as many. */
function joinPieces(details: readonly JsonObject[]): readonly JsonObject[] {
  const joined: JsonObject[] = [];
  for (const detail of details) {
    const last = joined.at(-1);
    const isMore =
      last?.type === "reasoning.text" && detail.type === last.type && detail.index === last.index;
    if (!isMore || textOf(last.signature) !== undefined) joined.push(detail);
    else
      joined[joined.length - 1] = {
        ...last,
        text: (textOf(last.text) ?? "") + (textOf(detail.text) ?? ""),
        ...defined({ signature: textOf(detail.signature) }),
      };
  }
  return joined;
}

function readThought({ type, text, signature, data }: JsonObject): ReasoningContent | undefined {
  if (type === "reasoning.encrypted" && typeof data === "string") {
    const block = { type: "redacted_thinking", data };
    return { type: "reasoning", text: "", extra: { [dialectName]: {}, [signer]: block } };
  }
  const proof = textOf(signature);
  if (type !== "reasoning.text" || proof === undefined) return undefined;
  const extra = { [dialectName]: {}, [signer]: {} };
  return { type: "reasoning", text: textOf(text) ?? "", signature: proof, extra };
}

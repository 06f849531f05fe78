/**
 * What a model thought, with its vendor's proof, where a client of this dialect keeps it: `reasoning_details`.
 *
 * Claude goes on with tools only from its own thoughts, unchanged and signed; this dialect has no member for that.
 * OpenRouter's has become the usual one: clients that send an assistant's message back as they got it send it too.
 * A thought is written whole, when it is signed, and with an index: clients that put the arrays of a stream together
 * by index (OpenAI's own for Python) get it right, and so do those that append.
 *
 * @see OpenRouter, "Reasoning tokens", preserving reasoning blocks
 * @module
 */

import type {
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

  mark(part: Part): Part {
    if (part.type === "start") this.#isSigner = part.extra?.[signer] !== undefined;
    if (!this.#isSigner || part.type === "start" || part.type === "opaque") return part;
    if (part.type === "reasoning-delta") return this.#markThought(part);
    this.#thought = "";
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
    const own = { message: { reasoning_details: [{ ...detail, format, index: this.#count }] } };
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

/**
 * Reads the thoughts in `reasoning_details` of an assistant's message that Anthropic takes back, pieces of one put
 * together; undefined when there are none. The member itself is to be kept as it is.
 */
export function readDetails(message: JsonObject): readonly ReasoningContent[] | undefined {
  const { reasoning_details } = message;
  if (!isArray(reasoning_details)) return undefined;
  const details = joinPieces(reasoning_details.filter(isObject).filter((detail) => detail.format === format));
  const thoughts = details.flatMap(readDetail);
  return thoughts.length > 0 ? thoughts : undefined;
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

function readDetail({ type, text, signature, data }: JsonObject): readonly ReasoningContent[] {
  if (type === "reasoning.encrypted" && typeof data === "string") {
    const block = { type: "redacted_thinking", data };
    return [{ type: "reasoning", text: "", extra: { [dialectName]: {}, [signer]: block } }];
  }
  const proof = textOf(signature);
  if (type !== "reasoning.text" || proof === undefined) return [];
  const extra = { [dialectName]: {}, [signer]: {} };
  return [{ type: "reasoning", text: textOf(text) ?? "", signature: proof, extra }];
}

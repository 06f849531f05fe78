/**
 * One choice of an answer that is being put together.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ChoiceSchema, type ContentSchema, FinishReason } from "@llmproxy/proto";
import type { JsonValue, Part } from "@llmproxy/spec";
import { finishReasonMessage, placeNumber } from "./chat-part.ts";
import { valueMessage } from "./json.ts";
import { mergeLogprobs } from "./logprobs.ts";
import { opaqueEntries } from "./opaque.ts";

/** A part that says something in a choice. */
export type ChoicePart = Exclude<Part, { readonly type: "start" | "usage" }>;

type ContentMessage = MessageInitShape<typeof ContentSchema>;

type ReasoningPiece = { readonly type: "reasoning"; text: string; signature?: string };
type CallPiece = {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  arguments: string;
};

/** A piece of content that may still grow. */
type Piece =
  | { readonly type: "text" | "refusal"; text: string }
  | ReasoningPiece
  | CallPiece
  | { readonly type: "opaque"; readonly dialect: string; readonly value: JsonValue };

/** Puts a choice together: pieces stay in the order in which they began, also where tool calls come interleaved. */
export class ChoiceDraft {
  /** The choice's number. */
  readonly number: number;
  readonly #pieces: Piece[] = [];
  readonly #calls = new Map<number, CallPiece>();
  #logprobs: JsonValue | undefined;
  #reason: FinishReason = FinishReason.UNSPECIFIED;

  /** @throws `upstream_failed` for a number no choice has */
  constructor(number: number) {
    this.number = placeNumber(number);
  }

  /** Adds what a part says. */
  add(part: ChoicePart): void {
    switch (part.type) {
      case "text-delta":
        this.#addText("text", part.text);
        break;
      case "refusal-delta":
        this.#addText("refusal", part.text);
        break;
      case "reasoning-delta":
        this.#addReasoning(part.text, part.signature);
        this.#addOpaque(part);
        break;
      case "tool-call-start": {
        const { index, id, name } = part;
        this.#calls.set(index, this.#begin<CallPiece>({ type: "tool-call", id, name, arguments: "" }));
        break;
      }
      case "tool-call-delta": {
        const call = this.#calls.get(part.index);
        if (call) call.arguments += part.arguments;
        break;
      }
      case "opaque":
        this.#addOpaque(part);
        break;
      case "logprobs":
        this.#logprobs = mergeLogprobs(this.#logprobs, part.value);
        break;
      case "finish":
        this.#reason = finishReasonMessage(part.reason);
    }
  }

  #addText(type: "text" | "refusal", text: string): void {
    if (text === "") return;
    const last = this.#pieces.at(-1);
    if (last?.type === type) last.text += text;
    else this.#begin({ type, text });
  }

  /** A signature completes a piece of reasoning: what comes after it is another one. */
  #addReasoning(text: string, signature: string | undefined): void {
    if (text === "" && signature === undefined) return;
    const last = this.#pieces.at(-1);
    const isOpen = last?.type === "reasoning" && last.signature === undefined;
    const piece = isOpen ? last : this.#begin<ReasoningPiece>({ type: "reasoning", text: "" });
    piece.text += text;
    if (signature !== undefined) piece.signature = signature;
  }

  #addOpaque(part: Part): void {
    for (const { dialect, content } of opaqueEntries(part))
      if (content !== undefined) this.#begin({ type: "opaque", dialect, value: content });
  }

  #begin<T extends Piece>(piece: T): T {
    this.#pieces.push(piece);
    return piece;
  }

  /** What has been put together. */
  message(): MessageInitShape<typeof ChoiceSchema> {
    return {
      index: this.number,
      content: this.#pieces.map(contentMessage),
      finishReason: this.#reason,
      ...(this.#logprobs !== undefined && { logprobs: valueMessage(this.#logprobs) }),
    };
  }
}

function contentMessage(piece: Piece): ContentMessage {
  switch (piece.type) {
    case "text":
    case "refusal":
      return { kind: { case: piece.type, value: piece.text } };
    case "reasoning": {
      const { text, signature } = piece;
      return { kind: { case: "reasoning", value: { text, ...(signature !== undefined && { signature }) } } };
    }
    case "tool-call": {
      const { id, name, arguments: text } = piece;
      return { kind: { case: "toolCall", value: { id, name, arguments: text } } };
    }
    case "opaque": {
      const { dialect, value } = piece;
      return { kind: { case: "opaque", value: { dialect, value: valueMessage(value) } } };
    }
  }
}

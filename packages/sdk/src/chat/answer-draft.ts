/**
 * An answer that is being put together from its parts.
 *
 * @module
 */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  CompleteResponseSchema,
  type ContentSchema,
  FinishReason,
  type Opaque,
  type StreamCompleteResponse,
  type Usage,
} from "@llmproxy/proto";
import { type Answer, readAnswer } from "./answer.ts";

type Piece =
  | { readonly case: "text" | "refusal"; value: string }
  | { readonly case: "reasoning"; readonly value: { text: string; signature?: string } }
  | { readonly case: "opaque"; readonly value: Opaque }
  | {
      readonly case: "toolCall";
      readonly value: { readonly id: string; readonly name: string; arguments: string };
    };

/** Puts the first choice together: pieces stay in the order in which they began. */
export class AnswerDraft {
  readonly #pieces: Piece[] = [];
  readonly #calls = new Map<number, { arguments: string }>();
  #id = "";
  #model = "";
  #finishReason: FinishReason = FinishReason.UNSPECIFIED;
  #usage: Usage | undefined;

  /** Adds what a part says. Other choices and probabilities are left out. */
  add({ part }: StreamCompleteResponse): void {
    if (part.case === "start") {
      this.#id = part.value.id;
      this.#model = part.value.model;
    } else if (part.case === "usage") this.#usage = part.value;
    else if (part.value?.choice === 0) this.#addToChoice(part);
  }

  #addToChoice(part: StreamCompleteResponse["part"]): void {
    switch (part.case) {
      case "text":
      case "refusal":
        this.#addText(part.case, part.value.text);
        break;
      case "reasoning":
        this.#addReasoning(part.value.text, part.value.signature);
        break;
      case "toolCallStart": {
        const { index, id, name } = part.value;
        const value = { id, name, arguments: "" };
        this.#pieces.push({ case: "toolCall", value });
        this.#calls.set(index, value);
        break;
      }
      case "toolCallArguments": {
        const call = this.#calls.get(part.value.index);
        if (call) call.arguments += part.value.arguments;
        break;
      }
      case "opaque":
        if (part.value.content) this.#pieces.push({ case: "opaque", value: part.value.content });
        break;
      case "finish":
        this.#finishReason = part.value.reason;
        break;
      default:
    }
  }

  #addText(name: "text" | "refusal", text: string): void {
    const last = this.#pieces.at(-1);
    if (last?.case === name) last.value += text;
    else this.#pieces.push({ case: name, value: text });
  }

  /** A signature completes a piece of reasoning: what comes after it is another one. */
  #addReasoning(text: string, signature: string | undefined): void {
    const last = this.#pieces.at(-1);
    const isOpen = last?.case === "reasoning" && last.value.signature === undefined;
    const value: { text: string; signature?: string } = isOpen ? last.value : { text: "" };
    if (!isOpen) this.#pieces.push({ case: "reasoning", value });
    value.text += text;
    if (signature !== undefined) value.signature = signature;
  }

  /**
   * What has been said.
   *
   * @param wantsJson - whether a schema was asked for
   */
  answer(wantsJson: boolean): Answer {
    const content = this.#pieces.map((kind): MessageInitShape<typeof ContentSchema> => ({ kind }));
    const choices = [{ index: 0, content, finishReason: this.#finishReason }];
    const response = { id: this.#id, model: this.#model, choices };
    const usage = this.#usage && { usage: this.#usage };
    return readAnswer(create(CompleteResponseSchema, { ...response, ...usage }), wantsJson);
  }
}

import { create, fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  CompleteResponseSchema,
  ContentSchema,
  FinishReason,
  StreamCompleteResponseSchema,
} from "@llmproxy/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Piece } from "../testing/fake-chat.ts";
import { readAnswer } from "./answer.ts";
import { AnswerDraft } from "./answer-draft.ts";

function fold(...pieces: Piece[]) {
  const draft = new AnswerDraft();
  for (const part of pieces) draft.add(create(StreamCompleteResponseSchema, { part }));
  return draft.answer(false);
}

const reasoning = (text: string, signature?: string): Piece => ({
  case: "reasoning",
  value: { choice: 0, text, ...(signature !== undefined && { signature }) },
});
const start = (index: number, id: string): Piece => ({
  case: "toolCallStart",
  value: { choice: 0, index, id, name: "f" },
});
const more = (index: number, text: string): Piece => ({
  case: "toolCallArguments",
  value: { choice: 0, index, arguments: text },
});

describe("AnswerDraft", () => {
  it("tells interleaved tool calls apart", () => {
    const { toolCalls } = fold(
      start(0, "1"),
      more(0, "{"),
      start(1, "2"),
      more(1, "["),
      more(0, "}"),
      more(1, "]"),
    );
    expect(toolCalls).toEqual([
      { id: "1", name: "f", arguments: "{}" },
      { id: "2", name: "f", arguments: "[]" },
    ]);
  });

  it("keeps pieces of reasoning apart that were signed apart", () => {
    const { reasoning: thought, message } = fold(reasoning("a"), reasoning("", "s1"), reasoning("b", "s2"));
    expect(thought).toBe("ab");
    expect(message.content.map(({ kind }) => kind.value)).toMatchObject([
      { text: "a", signature: "s1" },
      { text: "b", signature: "s2" },
    ]);
  });

  it("keeps what only one vendor knows for the next request", () => {
    const content = {
      dialect: "anthropic-messages",
      value: fromJson(ValueSchema, { type: "redacted_thinking" }),
    };
    const { message } = fold(
      { case: "opaque", value: { choice: 0, content } },
      { case: "opaque", value: { choice: 0, extensions: { "openai-chat": { call: {} } } } },
    );
    expect(message.content).toMatchObject([{ kind: { case: "opaque", value: content } }]);
  });

  it("leaves out what an unknown call says, and other choices", () => {
    expect(fold(more(3, "{}"), { case: "text", value: { choice: 1, text: "x" } })).toMatchObject({
      text: "",
      toolCalls: [],
    });
  });

  it("tells the same as the whole answer does, however the text is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }), { maxLength: 6 }),
        fc.constantFrom(...Object.values(FinishReason)),
        (texts, reason) => {
          const kind = { case: "text", value: texts.join("") } as const;
          const whole: MessageInitShape<typeof CompleteResponseSchema> = {
            id: "1",
            model: "m",
            choices: [
              {
                content: texts.slice(0, 1).map(() => create(ContentSchema, { kind })),
                finishReason: reason,
              },
            ],
          };
          const pieces = texts.map((text): Piece => ({ case: "text", value: { choice: 0, text } }));
          const answer = fold({ case: "start", value: { id: "1", model: "m" } }, ...pieces, {
            case: "finish",
            value: { choice: 0, reason },
          });
          expect(answer).toEqual(readAnswer(create(CompleteResponseSchema, whole), false));
        },
      ),
    );
  });
});

describe("readAnswer", () => {
  it("tells a refusal apart from text", () => {
    const choices = [{ content: [{ kind: { case: "refusal", value: "I won't." } as const }] }];
    expect(readAnswer(create(CompleteResponseSchema, { choices }), false)).toMatchObject({
      text: "",
      refusal: "I won't.",
    });
  });

  it("takes a reason it does not know for another one", () => {
    const response = create(CompleteResponseSchema, { choices: [{ finishReason: 99 as 1 }] });
    expect(readAnswer(response, false).finishReason).toBe("other");
  });

  it("reads an answer without any choice", () => {
    const answer = readAnswer(create(CompleteResponseSchema), false);
    expect(answer).toMatchObject({ text: "", toolCalls: [], message: { role: 4, content: [] } });
    expect(answer).not.toHaveProperty("finishReason");
  });
});

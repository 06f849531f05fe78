/**
 * A `ChatService` that says what a test tells it to.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type Chat,
  type ChatService,
  type CompleteResponseSchema,
  FinishReason,
  type StreamCompleteResponseSchema,
} from "@llmproxy/proto";

/** One call as it was asked. */
export interface Asked {
  readonly chat: Chat | undefined;
  readonly context: HandlerContext;
}

/** A piece of a stream. */
export type Piece = NonNullable<MessageInitShape<typeof StreamCompleteResponseSchema>["part"]>;

/** A service and what it was asked. */
export interface FakeChat extends ServiceImpl<typeof ChatService> {
  readonly asked: Asked[];
  /** Runs before each answer; may wait or throw. */
  before: (asked: Asked) => unknown;
  /** What a stream says: pieces, failures, and what to wait for. */
  pieces: readonly (Piece | Error | ((context: HandlerContext) => Promise<unknown>))[];
  /** What is said at once. */
  response: MessageInitShape<typeof CompleteResponseSchema>;
}

/** A piece of text. */
export const text = (text: string): Piece => ({ case: "text", value: { choice: 0, text } });

/** The pieces of an ordinary answer. */
export function textPieces(...texts: string[]): Piece[] {
  return [
    { case: "start", value: { id: "answer-1", model: "vendor-model" } },
    ...texts.map(text),
    { case: "finish", value: { choice: 0, reason: FinishReason.STOP } },
    { case: "usage", value: { inputTokens: 10n, outputTokens: 2n } },
  ];
}

/** Waits until the client leaves. */
export const untilLeft = ({ signal }: HandlerContext): Promise<unknown> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

/** Makes a service that answers `Hello world`. */
export function createFakeChat(): FakeChat {
  const asked: Asked[] = [];
  const fake: FakeChat = {
    asked,
    before: () => undefined,
    pieces: textPieces("Hello", " world"),
    response: {
      id: "answer-1",
      model: "vendor-model",
      choices: [
        { content: [{ kind: { case: "text", value: "Hello world" } }], finishReason: FinishReason.STOP },
      ],
      usage: { inputTokens: 10n, outputTokens: 2n },
    },
    async complete({ chat }, context) {
      asked.push({ chat, context });
      await fake.before({ chat, context });
      return fake.response;
    },
    async *streamComplete({ chat }, context) {
      asked.push({ chat, context });
      await fake.before({ chat, context });
      for (const piece of fake.pieces) {
        if (typeof piece === "function") await piece(context);
        else if (piece instanceof Error) throw piece;
        else yield { part: piece };
      }
    },
  };
  return fake;
}

/**
 * Answers in Anthropic's wire format, for a fake upstream.
 *
 * @module
 */

import { anthropicEvent } from "../anthropic-event-stream.ts";
import { loadRecording } from "../recordings.ts";
import { type AnswerHead, type AnswerScript, jsonAnswer, type UnaryAnswer } from "./answer.ts";

/** A tool the model asks for. */
export interface AnthropicToolUse {
  readonly id: string;
  readonly name: string;
  /** The tool's input, a JSON object. */
  readonly input: object;
}

/** An answer of the test's own. */
export interface AnthropicTextOptions extends AnswerHead {
  /** What the model says. Streams go word by word. */
  readonly text: string;
  /** What the model thinks before it speaks, with a signature; nothing when absent. */
  readonly thinking?: string;
  /** Tools the model asks for after it has spoken; the stop reason is then `tool_use`. */
  readonly toolUses?: readonly AnthropicToolUse[];
  /** Default 5 input tokens, and an output token per word of the text. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** An answer as it was recorded, whatever was asked. */
export interface AnthropicRecordingOptions extends AnswerHead {
  /** The name of a recording of `anthropic-messages`; which form is sent depends on the request's `stream`. */
  readonly recording: string;
}

interface MessagesRequestBody {
  readonly model?: string;
  readonly stream?: boolean;
}

/** The signature of thinking the fake made up. */
const fakeSignature = "c2lnbmF0dXJl";

/** Answers messages: in one piece, or as a stream when the request says `"stream": true`. */
export function anthropicMessages(options: AnthropicTextOptions | AnthropicRecordingOptions): AnswerScript {
  return (request) => {
    const wanted = request.json() as MessagesRequestBody;
    const answers = "text" in options ? textAnswers(options, wanted) : recordedAnswers(options);
    if (!wanted.stream) return { ...head(options), body: answers.body() };
    return { ...head(options), stream: answers.chunks().map(anthropicEvent) };
  };
}

/** Answers `/messages/count_tokens`. */
export function anthropicTokenCount(inputTokens: number, options: AnswerHead = {}): UnaryAnswer {
  return jsonAnswer({ input_tokens: inputTokens }, options);
}

/** A model as {@link anthropicModels} lists it. */
export interface AnthropicModel {
  readonly id: string;
  /** The most tokens it writes; `null` on the wire when absent. */
  readonly maxTokens?: number;
  /** The most tokens it reads; `null` on the wire when absent. */
  readonly maxInputTokens?: number;
}

/** Answers `/models`, in pages of the `limit` the request asks for (20 when it does not), after its `after_id`. */
export function anthropicModels(
  models: readonly (string | AnthropicModel)[],
  options: AnswerHead = {},
): AnswerScript {
  const all = models.map((model) => modelInfo(typeof model === "string" ? { id: model } : model));
  return (request) => {
    const { searchParams } = new URL(request.path, "http://upstream");
    const limit = Number(searchParams.get("limit") ?? 20);
    const start = all.findIndex(({ id }) => id === searchParams.get("after_id")) + 1;
    const data = all.slice(start, start + limit);
    const page = {
      has_more: start + limit < all.length,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    };
    return jsonAnswer({ data, ...page }, options);
  };
}

function modelInfo({ id, maxTokens, maxInputTokens }: AnthropicModel) {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: "2026-01-01T00:00:00Z",
    max_input_tokens: maxInputTokens ?? null,
    max_tokens: maxTokens ?? null,
  };
}

/** An error in Anthropic's shape; `type` defaults to `invalid_request_error`. */
export function anthropicError(
  error: { readonly message: string; readonly type?: string },
  head: AnswerHead & { readonly status: number },
): UnaryAnswer {
  const { message, type = "invalid_request_error" } = error;
  return jsonAnswer({ type: "error", error: { type, message }, request_id: "req_fake" }, head);
}

interface MessagesAnswers {
  body(): string;
  chunks(): readonly string[];
}

function recordedAnswers({ recording }: AnthropicRecordingOptions): MessagesAnswers {
  return {
    body: () => loadRecording("anthropic-messages", "unary", recording).json,
    chunks: () => loadRecording("anthropic-messages", "stream", recording).chunks,
  };
}

/** A content block whole, and as it begins and grows in a stream. */
interface Block {
  readonly whole: object;
  readonly start: object;
  readonly deltas: readonly object[];
}

function textAnswers(options: AnthropicTextOptions, wanted: MessagesRequestBody): MessagesAnswers {
  const blocks = blocksOf(options);
  const inputTokens = options.usage?.inputTokens ?? 5;
  const outputTokens = options.usage?.outputTokens ?? wordsOf(options.text).length;
  const stopReason = options.toolUses?.length ? "tool_use" : "end_turn";
  const message = (content: readonly object[], stop_reason: string | null, output_tokens: number) => ({
    id: "msg_fake",
    type: "message",
    role: "assistant",
    model: wanted.model ?? "fake",
    content,
    stop_reason,
    stop_sequence: null,
    usage: { input_tokens: inputTokens, output_tokens },
  });
  return {
    body: () =>
      JSON.stringify(
        message(
          blocks.map(({ whole }) => whole),
          stopReason,
          outputTokens,
        ),
      ),
    chunks: () =>
      [
        { type: "message_start", message: message([], null, 1) },
        ...blocks.flatMap(blockEvents),
        {
          type: "message_delta",
          delta: { stop_reason: stopReason, stop_sequence: null },
          usage: { output_tokens: outputTokens },
        },
        { type: "message_stop" },
      ].map((event) => JSON.stringify(event)),
  };
}

function blocksOf({ text, thinking, toolUses = [] }: AnthropicTextOptions): readonly Block[] {
  const thought: Block[] = [];
  if (thinking !== undefined)
    thought.push({
      whole: { type: "thinking", thinking, signature: fakeSignature },
      start: { type: "thinking", thinking: "", signature: "" },
      deltas: [
        { type: "thinking_delta", thinking },
        { type: "signature_delta", signature: fakeSignature },
      ],
    });
  const said: Block = {
    whole: { type: "text", text },
    start: { type: "text", text: "" },
    deltas: wordsOf(text).map((word) => ({ type: "text_delta", text: word })),
  };
  return [...thought, ...(text === "" ? [] : [said]), ...toolUses.map(toolUseBlock)];
}

function toolUseBlock({ id, name, input }: AnthropicToolUse): Block {
  return {
    whole: { type: "tool_use", id, name, input },
    start: { type: "tool_use", id, name, input: {} },
    deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(input) }],
  };
}

function blockEvents({ start, deltas }: Block, index: number): readonly object[] {
  return [
    { type: "content_block_start", index, content_block: start },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
}

/** The options that say how to send, without those that say what. */
function head(options: AnthropicTextOptions | AnthropicRecordingOptions): AnswerHead {
  const { text, thinking, toolUses, usage, recording, ...rest } = options as AnthropicTextOptions &
    AnthropicRecordingOptions;
  return rest;
}

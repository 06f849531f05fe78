/**
 * What the upstream answers, in the two wire formats, ready but for the marks.
 *
 * @module
 */

import { markLength, writeMark } from "../wire/mark.ts";

/** The answers of one wire format. */
export interface Answers {
  /** A whole HTTP answer. */
  unary(sentUs: number, heldUs: number): string;
  /** SSE frames before the first text. */
  readonly opening: string;
  /** One SSE frame with text. */
  chunk(sentUs: number, heldUs: number): string;
  /** SSE frames after the last text. */
  readonly closing: string;
}

/** The head of a streamed answer. */
export const streamHead =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

/** A whole JSON answer. */
export function jsonAnswer(json: unknown, status = "200 OK"): string {
  const body = JSON.stringify(json);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const text =
  "A proxy stands between a client and a server: it takes requests from the one, passes them on to the other and hands the answers back.";

// As long as a mark, and nothing a mark could be taken for.
const placeholder = "#".repeat(markLength);

/** Cuts a text at the placeholder, so that an answer is two concatenations. */
function template(whole: string): (sentUs: number, heldUs: number) => string {
  const [before = "", after = ""] = whole.split(placeholder);
  return (sentUs, heldUs) => before + writeMark(sentUs, heldUs) + after;
}

function frame(json: { readonly type?: string }, named: boolean): string {
  const event = named && json.type !== undefined ? `event: ${json.type}\n` : "";
  return `${event}data: ${JSON.stringify(json)}\n\n`;
}

/** `POST …/chat/completions`. @see https://platform.openai.com/docs/api-reference/chat */
export function openaiAnswers(): Answers {
  const common = { id: "chatcmpl-9f0a7c6d5e4b3a21", created: 1_763_000_000, model: "gpt-4o-mini-2024-07-18" };
  const usage = { prompt_tokens: 24, completion_tokens: 33, total_tokens: 57 };
  const chunkOf = (delta: object, finish: string | null = null): string =>
    frame(
      {
        ...common,
        object: "chat.completion.chunk",
        system_fingerprint: "fp_0aa8d3e20b",
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      } as object,
      false,
    );
  const message = { role: "assistant", content: `${text} ${placeholder}`, refusal: null };
  return {
    unary: template(
      jsonAnswer({
        ...common,
        object: "chat.completion",
        choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
        usage,
        system_fingerprint: "fp_0aa8d3e20b",
      }),
    ),
    opening: chunkOf({ role: "assistant", content: "" }),
    chunk: template(chunkOf({ content: ` ${placeholder}` })),
    closing: `${chunkOf({}, "stop")}${frame({ ...common, object: "chat.completion.chunk", choices: [], usage } as object, false)}data: [DONE]\n\n`,
  };
}

/** `POST …/messages`. @see https://docs.anthropic.com/en/api/messages */
export function anthropicAnswers(): Answers {
  const common = {
    id: "msg_01XFDUDYJgAACzvnptvVoYEL",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5",
  };
  const usage = { input_tokens: 24, output_tokens: 33 };
  const event = (json: { readonly type: string; readonly [name: string]: unknown }): string =>
    frame(json, true);
  const start = { ...common, content: [], stop_reason: null, stop_sequence: null, usage };
  return {
    unary: template(
      jsonAnswer({
        ...common,
        content: [{ type: "text", text: `${text} ${placeholder}` }],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage,
      }),
    ),
    opening:
      event({ type: "message_start", message: start }) +
      event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    chunk: template(
      event({
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text: ` ${placeholder}` },
      }),
    ),
    closing:
      event({ type: "content_block_stop", index: 0 }) +
      event({ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage }) +
      event({ type: "message_stop" }),
  };
}

/** `GET …/models`, in a shape that both formats' clients can read. */
export const modelsAnswer = jsonAnswer({
  object: "list",
  data: ["gpt-4o-mini", "claude-haiku-4-5"].map((id) => ({
    id,
    type: "model",
    object: "model",
    created: 1_763_000_000,
    created_at: "2025-11-13T02:13:20Z",
    display_name: id,
    owned_by: "mock",
  })),
  has_more: false,
});

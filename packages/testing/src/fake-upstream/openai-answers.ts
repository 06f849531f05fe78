/**
 * Answers in OpenAI's wire format, for a fake upstream.
 *
 * @module
 */

import { openaiDone, openaiEvent } from "../openai-event-stream.ts";
import { loadRecording, type RecordingFormat } from "../recordings.ts";
import { type AnswerHead, type AnswerScript, jsonAnswer, type UnaryAnswer } from "./answer.ts";

/** An answer with a text of the test's own. */
export interface OpenaiTextOptions extends AnswerHead {
  /** What the model says. Streams go word by word. */
  readonly text: string;
  /** Default: 5 prompt tokens, and a completion token per word. */
  readonly usage?: { readonly promptTokens: number; readonly completionTokens: number };
}

/** An answer as it was recorded, whatever was asked. */
export interface OpenaiRecordingOptions extends AnswerHead {
  /** A recording's name; which of its two forms is sent depends on the request's `stream`. */
  readonly recording: string;
  /** Default `openai-chat`. */
  readonly format?: RecordingFormat;
}

/** The parts of a chat request that decide the form of its answer. */
interface ChatRequestBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

const createdSeconds = 1_767_225_600; // 2026-01-01T00:00:00Z

/**
 * Answers chat completions: in one piece, or as a stream when the request says `"stream": true`. The chunk
 * that holds nothing but usage is sent only when the request asks for it with `stream_options.include_usage`.
 */
export function openaiChat(options: OpenaiTextOptions | OpenaiRecordingOptions): AnswerScript {
  return (request) => {
    const wanted = request.json() as ChatRequestBody;
    const answers = "text" in options ? textAnswers(options, wanted) : recordedAnswers(options);
    if (!wanted.stream) return { ...head(options), body: answers.body() };
    const chunks = answers.chunks();
    const sent = wanted.stream_options?.include_usage
      ? chunks
      : chunks.filter((chunk) => !isUsageOnly(chunk));
    return { ...head(options), stream: [...sent.map(openaiEvent), openaiDone] };
  };
}

/** Answers `/models` with models of these ids. */
export function openaiModels(ids: readonly string[], options: AnswerHead = {}): UnaryAnswer {
  const data = ids.map((id) => ({ id, object: "model", created: createdSeconds, owned_by: "fake-upstream" }));
  return jsonAnswer({ object: "list", data }, options);
}

/** An error in OpenAI's shape. */
export function openaiError(
  error: {
    readonly message: string;
    readonly type?: string;
    readonly code?: string;
    readonly param?: string;
  },
  head: AnswerHead & { readonly status: number },
): UnaryAnswer {
  const { message, type = "invalid_request_error", param = null, code = null } = error;
  return jsonAnswer({ error: { message, type, param, code } }, head);
}

interface ChatAnswers {
  body(): string;
  chunks(): readonly string[];
}

function recordedAnswers({ recording, format = "openai-chat" }: OpenaiRecordingOptions): ChatAnswers {
  return {
    body: () => loadRecording(format, "unary", recording).json,
    chunks: () => loadRecording(format, "stream", recording).chunks,
  };
}

function textAnswers({ text, usage: given }: OpenaiTextOptions, wanted: ChatRequestBody): ChatAnswers {
  const words = text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
  const prompt_tokens = given?.promptTokens ?? 5;
  const completion_tokens = given?.completionTokens ?? words.length;
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const base = { id: "chatcmpl-fake", created: createdSeconds, model: wanted.model ?? "fake" };
  const message = { role: "assistant", content: text, refusal: null };
  const chunk = (choices: readonly object[], used: object | null = null): string => {
    const reported = wanted.stream_options?.include_usage ? { usage: used } : {};
    return JSON.stringify({ ...base, object: "chat.completion.chunk", choices, ...reported });
  };
  const choice = (delta: object, finish_reason: string | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason },
  ];
  return {
    body: () =>
      JSON.stringify({
        ...base,
        object: "chat.completion",
        choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
        usage,
      }),
    chunks: () => [
      chunk(choice({ role: "assistant", content: "" })),
      ...words.map((content) => chunk(choice({ content }))),
      chunk(choice({}, "stop")),
      ...(wanted.stream_options?.include_usage ? [chunk([], usage)] : []),
    ],
  };
}

function isUsageOnly(chunk: string): boolean {
  const { choices, usage } = JSON.parse(chunk) as { choices?: readonly unknown[]; usage?: unknown };
  return choices?.length === 0 && usage !== null && usage !== undefined;
}

/** The options that say how to send, without those that say what. */
function head(options: OpenaiTextOptions | OpenaiRecordingOptions): AnswerHead {
  const { text, usage, recording, format, ...rest } = options as OpenaiTextOptions & OpenaiRecordingOptions;
  return rest;
}

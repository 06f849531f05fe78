/**
 * What a model answered.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";
import {
  type ChatMessage,
  ChatMessageSchema,
  ChatRole,
  type CompleteResponse,
  type Content,
  FinishReason as FinishReasonMessage,
  type Usage as UsageMessage,
} from "@llmproxy/proto";
import type { JsonValue } from "../json.ts";

/** Why the model stopped. `content-filter`: the vendor cut the answer; `tool-calls`: tools are to be run. */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "other";

/** A tool the model wants to be run. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: JSON text, possibly invalid. */
  readonly arguments: string;
}

/** Tokens in disjoint parts: each is counted in exactly one. */
export interface Usage {
  /** Input tokens that no other input part counts. */
  readonly inputTokens: number;
  /** Input tokens read from the vendor's prompt cache. */
  readonly cacheReadTokens: number;
  /** Input tokens written to the vendor's prompt cache for its usual time. */
  readonly cacheWriteTokens: number;
  /** Input tokens written to the vendor's prompt cache for an hour. */
  readonly cacheWriteHourTokens: number;
  /** Input tokens of audio. */
  readonly audioInputTokens: number;
  /** Output tokens that no other output part counts. */
  readonly outputTokens: number;
  /** Output tokens spent on reasoning. */
  readonly reasoningTokens: number;
  /** Output tokens of audio. */
  readonly audioOutputTokens: number;
  /** Whether any part was counted by the server because the vendor did not report it. */
  readonly estimated: boolean;
}

/** What a model answered: the first choice. Who asks for several uses `client.chat`. */
export interface Answer {
  /** The text; empty when there is none. */
  readonly text: string;
  /** The tools the model wants to be run; often none. */
  readonly toolCalls: readonly ToolCall[];
  /** What the model thought, as far as it is shown; absent when it is not. */
  readonly reasoning?: string;
  /** Why the model declined; absent when it did not. */
  readonly refusal?: string;
  /** The text read as JSON, where a schema was asked for; absent when the text is not valid JSON. */
  readonly json?: JsonValue;
  /** Why the model stopped; absent where the vendor did not tell. */
  readonly finishReason?: FinishReason;
  /** What the answer used; absent where nobody could tell. */
  readonly usage?: Usage;
  /** The model that answered, as its vendor names it. */
  readonly model: string;
  /** The vendor's id of the answer. */
  readonly id: string;
  /** The answer as a turn of the conversation, for the next call's `messages`. */
  readonly message: ChatMessage;
}

/**
 * Reads the whole answer.
 *
 * @param wantsJson - whether a schema was asked for
 */
export function readAnswer(response: CompleteResponse, wantsJson: boolean): Answer {
  const { id, model, usage, choices } = response;
  const choice = choices.find(({ index }) => index === 0);
  const content = choice?.content ?? [];
  const text = textsOf(content, "text").join("");
  const json = wantsJson ? parseJson(text) : undefined;
  const reason = choice && readFinishReason(choice.finishReason);
  return {
    text,
    toolCalls: content
      .flatMap(({ kind }) => (kind.case === "toolCall" ? [kind.value] : []))
      .map(readToolCall),
    ...thoughtOf(content),
    ...(json !== undefined && { json }),
    ...(reason && { finishReason: reason }),
    ...(usage && { usage: readUsage(usage) }),
    model,
    id,
    message: create(ChatMessageSchema, { role: ChatRole.ASSISTANT, content }),
  };
}

function textsOf(content: readonly Content[], name: "text" | "refusal"): readonly string[] {
  return content.flatMap(({ kind }) => (kind.case === name ? [kind.value] : []));
}

function thoughtOf(content: readonly Content[]): Pick<Answer, "reasoning" | "refusal"> {
  const refusals = textsOf(content, "refusal");
  const thoughts = content.flatMap(({ kind }) => (kind.case === "reasoning" ? [kind.value.text] : []));
  return {
    ...(thoughts.length > 0 && { reasoning: thoughts.join("") }),
    ...(refusals.length > 0 && { refusal: refusals.join("") }),
  };
}

function readToolCall({ id, name, arguments: text }: ToolCall): ToolCall {
  return { id, name, arguments: text };
}

/** A model may have been cut off in the middle of what it wrote. */
function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const reasons: Readonly<Record<number, FinishReason>> = {
  [FinishReasonMessage.STOP]: "stop",
  [FinishReasonMessage.LENGTH]: "length",
  [FinishReasonMessage.TOOL_CALLS]: "tool-calls",
  [FinishReasonMessage.CONTENT_FILTER]: "content-filter",
};

/** Reads why the model stopped; undefined when nobody says, `other` for what a newer server may say. */
export function readFinishReason(reason: FinishReasonMessage): FinishReason | undefined {
  return reason === FinishReasonMessage.UNSPECIFIED ? undefined : (reasons[reason] ?? "other");
}

/** Reads usage. */
export function readUsage(usage: UsageMessage): Usage {
  return {
    inputTokens: Number(usage.inputTokens),
    cacheReadTokens: Number(usage.cacheReadTokens),
    cacheWriteTokens: Number(usage.cacheWriteTokens),
    cacheWriteHourTokens: Number(usage.cacheWriteHourTokens),
    audioInputTokens: Number(usage.audioInputTokens),
    outputTokens: Number(usage.outputTokens),
    reasoningTokens: Number(usage.reasoningTokens),
    audioOutputTokens: Number(usage.audioOutputTokens),
    estimated: usage.estimated,
  };
}

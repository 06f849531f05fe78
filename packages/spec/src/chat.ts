/**
 * A chat request in the vocabulary all dialects share.
 *
 * A dialect reads its wire form into these types and writes them back. What only that dialect knows travels
 * in `extra` under the dialect's name, so that writing the same dialect again loses nothing and another
 * dialect can tell that there is something it cannot say.
 *
 * @module
 */

import type { DialectName } from "./dialect.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** Fields only one dialect knows, kept for that dialect. */
export type Extra = Readonly<Partial<Record<DialectName, JsonObject>>>;

/** Who speaks. `developer` is OpenAI's successor of `system`. */
export type MessageRole = "system" | "developer" | "user" | "assistant" | "tool";

/** Where binary content is: inline, on the web, or in a vendor's file store. */
export type MediaSource =
  | { readonly kind: "base64"; readonly mediaType?: string; readonly data: string }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "file-id"; readonly fileId: string };

/** Plain text. */
export interface TextContent {
  readonly type: "text";
  readonly text: string;
  readonly extra?: Extra;
}

/** A picture. */
export interface ImageContent {
  readonly type: "image";
  readonly source: MediaSource;
  /** How closely the model should look, in OpenAI's words: `auto`, `low`, `high`. */
  readonly detail?: string;
  readonly extra?: Extra;
}

/** A piece of audio, or a reference to audio the model itself produced earlier. */
export interface AudioContent {
  readonly type: "audio";
  readonly source: MediaSource;
  /** `wav`, `mp3`, … */
  readonly format?: string;
  readonly extra?: Extra;
}

/** A document. */
export interface FileContent {
  readonly type: "file";
  readonly source: MediaSource;
  readonly filename?: string;
  readonly extra?: Extra;
}

/** The model asks for a tool. */
export interface ToolCallContent {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: JSON text, possibly invalid. */
  readonly arguments: string;
  readonly extra?: Extra;
}

/** What a tool answered. */
export interface ToolResultContent {
  readonly type: "tool-result";
  /** The id of the tool call that is answered. */
  readonly callId: string;
  readonly content: readonly Content[];
  /** Whether the tool failed. */
  readonly isError?: boolean;
  readonly extra?: Extra;
}

/** What the model thought, with the vendor's proof that it did. */
export interface ReasoningContent {
  readonly type: "reasoning";
  readonly text: string;
  readonly signature?: string;
  readonly extra?: Extra;
}

/** The model declined. */
export interface RefusalContent {
  readonly type: "refusal";
  readonly text: string;
  readonly extra?: Extra;
}

/** Content only its own dialect understands, kept whole. */
export interface OpaqueContent {
  readonly type: "opaque";
  readonly dialect: DialectName;
  readonly value: JsonValue;
}

/** One piece of a message. */
export type Content =
  | TextContent
  | ImageContent
  | AudioContent
  | FileContent
  | ToolCallContent
  | ToolResultContent
  | ReasoningContent
  | RefusalContent
  | OpaqueContent;

/** One turn of the conversation. */
export interface ChatMessage {
  readonly role: MessageRole;
  readonly content: readonly Content[];
  /** The participant's name, where the dialect has one. */
  readonly name?: string;
  readonly extra?: Extra;
}

/** A function the model may call. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: JsonObject;
  /** Whether the vendor should enforce the schema. */
  readonly strict?: boolean;
  readonly extra?: Extra;
}

/** Which tool the model must use: its own choice, none, any, or one by name. */
export type ToolChoice =
  | { readonly type: "auto" | "none" | "required" }
  | { readonly type: "tool"; readonly name: string }
  | { readonly type: "opaque"; readonly dialect: DialectName; readonly value: JsonValue };

/** What form the answer must have. */
export type ResponseFormat =
  | { readonly type: "text" | "json" }
  | {
      readonly type: "json-schema";
      readonly name: string;
      readonly schema: JsonObject;
      readonly description?: string;
      readonly strict?: boolean;
    };

/** How the model samples. Absent means the vendor's default. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** Texts at which the model stops. */
  readonly stop?: readonly string[];
  /** An integer; numbers beyond 2^53 lose digits here and keep them only in a relay. */
  readonly seed?: number;
  /** How many answers to give; 1 when absent. */
  readonly choices?: number;
  /** How many alternatives to report per token; 0 reports the chosen token alone. */
  readonly topLogprobs?: number;
}

/** A chat request. */
export interface ChatRequest {
  /** The model as the client named it. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly sampling: Sampling;
  /** The most tokens to write, reasoning included. */
  readonly maxOutputTokens?: number;
  readonly responseFormat?: ResponseFormat;
  /** How hard to think, in OpenAI's words: `minimal`, `low`, `medium`, `high`, … */
  readonly reasoningEffort?: string;
  /** A stable name of the end user. */
  readonly user?: string;
  /** Whether the answer is wanted as a stream. */
  readonly stream: boolean;
  /** Whether the client asked for usage in the stream. */
  readonly includeUsage: boolean;
  readonly extra?: Extra;
}

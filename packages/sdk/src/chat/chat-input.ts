/**
 * What a model is asked, as one writes it by hand.
 *
 * @module
 */

import type { ChatMessage, Content } from "@llmproxy/proto";
import type { JsonObject } from "../json.ts";

/** Where binary content is: here, on the web, or in the vendor's file store. */
export type MediaInput =
  | { readonly data: Uint8Array; readonly mediaType?: string }
  | { readonly url: string }
  | { readonly fileId: string };

/** A piece of a message: its text, an object, or the message of the proto, which can say everything. */
export type ContentInput =
  | string
  | Content
  | { readonly type: "text"; readonly text: string }
  | ({ readonly type: "image"; readonly detail?: string } & MediaInput)
  | ({ readonly type: "audio"; readonly format?: string } & MediaInput)
  | ({ readonly type: "file"; readonly filename?: string } & MediaInput)
  | ToolResultInput;

/** What a tool answered. */
export interface ToolResultInput {
  readonly type: "tool-result";
  /** The id of the call that is answered. */
  readonly callId: string;
  /** The answer: its text, or several pieces. */
  readonly content: string | readonly ContentInput[];
  /** Whether the tool failed. */
  readonly isError?: boolean;
}

/** One turn: by hand, or an answer's `message`, which goes back into the conversation as it is. */
export type MessageInput =
  | ChatMessage
  | {
      readonly role: "system" | "developer" | "user" | "assistant" | "tool";
      /** What is said: its text, or several pieces. */
      readonly content: string | readonly ContentInput[];
      /** The participant's name, where the vendor's API has one. */
      readonly name?: string;
    };

/** A function the model may call. */
export interface ToolInput {
  readonly name: string;
  /** What it does, for the model. */
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: JsonObject;
  /** Whether the vendor should enforce the schema. */
  readonly strict?: boolean;
}

/** What a model is asked. Either `user` or `messages` is needed, or both: `user` is then the last turn. */
export interface ChatInput {
  /** The model to ask; the server's default model when absent. */
  readonly model?: string;
  /** What comes before everything: how the model is to behave. */
  readonly system?: string;
  /** The turns so far, oldest first. */
  readonly messages?: readonly MessageInput[];
  /** What the person asks: its text, or several pieces. */
  readonly user?: string | readonly ContentInput[];
  /** The functions the model may call. */
  readonly tools?: readonly ToolInput[];
  /** Which of them it must call; its own choice when absent. */
  readonly toolChoice?: "auto" | "none" | "required" | { readonly name: string };
  /** Whether it may call several at once. */
  readonly parallelToolCalls?: boolean;
  /** JSON Schema the answer must follow. */
  readonly schema?: JsonObject;
  /** The name of the schema, for the vendor; `answer` when absent. */
  readonly schemaName?: string;
  /** Whether the vendor should enforce the schema; true when absent. */
  readonly strict?: boolean;
  /** The most tokens to write, reasoning included. */
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** Texts at which the model stops. */
  readonly stop?: readonly string[];
  /** Makes answers repeatable where the vendor can; up to 2^53. */
  readonly seed?: number;
  /** How hard to think: `minimal`, `low`, `medium`, `high`, as far as the model knows it. */
  readonly reasoningEffort?: string;
  /** A stable name of the end user, for the vendor. */
  readonly endUser?: string;
  /** Members only one vendor's API knows, by the name of its dialect, e.g. `{ "openai-chat": { top_k: 40 } }`. */
  readonly extensions?: Readonly<Record<string, JsonObject>>;
}

/**
 * The client for browsers, and for whatever else has `fetch`: Connect over it.
 *
 * @module
 */

import { createConnectTransport } from "@connectrpc/connect-web";
import { type ClientOptions, createClient, type LlmProxyClient } from "./client.ts";

export type { Random, RetryOptions } from "./calls/retry.ts";
export type { Token } from "./calls/token-source.ts";
export type { Answer, FinishReason, ToolCall, Usage } from "./chat/answer.ts";
export type { AnswerStream } from "./chat/answer-stream.ts";
export type {
  ChatInput,
  ContentInput,
  MediaInput,
  MessageInput,
  ToolInput,
  ToolResultInput,
} from "./chat/chat-input.ts";
export type { ChatPart } from "./chat/chat-part.ts";
export type { CallOptions, ClientOptions, LlmProxyClient } from "./client.ts";
export type { Clock } from "./clock.ts";
export { type ErrorCode, LlmProxyError, type LlmProxyErrorDetails } from "./error.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export type { ServiceClient } from "./service-client.ts";

/** What a client for browsers is made from. */
export interface LlmProxyClientOptions extends ClientOptions {
  /** What requests are made with; the platform's `fetch` when absent. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Makes a client for browsers.
 *
 * @throws TypeError when there is no base URL, or one is not the URL of a server
 */
export function createLlmProxyClient(options: LlmProxyClientOptions): LlmProxyClient {
  const { fetch } = options;
  return createClient(options, {
    connect: (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true, ...(fetch && { fetch }) }),
    // The browser owns its connections; those of calls in flight end with the calls.
    close: () => undefined,
  });
}

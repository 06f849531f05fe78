/**
 * The client, whichever platform it runs on.
 *
 * @module
 */

import type { CallOptions, Transport } from "@connectrpc/connect";
import {
  ChatService,
  ConfigurationService,
  Health,
  JwtService,
  KeyService,
  LlmProxyService,
  ProjectService,
  type StreamCompleteResponse,
} from "@llmproxy/proto";
import { Caller } from "./calls/caller.ts";
import { randomShare } from "./calls/random.ts";
import { type Random, type RetryOptions, RetryPolicy } from "./calls/retry.ts";
import { Servers } from "./calls/servers.ts";
import { type Token, TokenSource } from "./calls/token-source.ts";
import { type Answer, readAnswer } from "./chat/answer.ts";
import { type AnswerStream, createAnswerStream } from "./chat/answer-stream.ts";
import type { ChatInput } from "./chat/chat-input.ts";
import { type ChatPart, readPart } from "./chat/chat-part.ts";
import { writeChat } from "./chat/write-chat.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createServiceClient, type ServiceClient } from "./service-client.ts";

/** What every client is made from. */
export interface ClientOptions {
  /** Where the servers are, in order of preference, e.g. `https://llm.example.com:8443`; at least one. */
  readonly baseUrls: readonly string[];
  /**
   * An API key, a JWT or the management token, or a function that gets one. The function is asked once, and again
   * when the server does not accept what it gave. No credential is sent when absent.
   */
  readonly token?: Token;
  /** Milliseconds a call may take, all tries included, unless it names a time of its own; 600,000 when absent, no limit when 0. */
  readonly timeoutMs?: number;
  /** When a failed call is tried again. */
  readonly retry?: RetryOptions;
  /** How long a server that failed is left alone while another one answers, in milliseconds; 10,000 when absent. */
  readonly coolDownMs?: number;
  /** Sent with each call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For deadlines and waits; the system's when absent. */
  readonly clock?: Clock;
  /** Where chance comes from; the platform's source when absent. */
  readonly random?: Random;
}

/** What a call can be told beside its request: `signal`, `timeoutMs` in milliseconds, `headers`, and who is told those of the answer. */
export type { CallOptions };

/** A client. Everything it returns throws `LlmProxyError`. */
export interface LlmProxyClient {
  /** `ChatService`: whole conversations, everything the API can say. */
  readonly chat: ServiceClient<typeof ChatService>;
  /** `LlmProxyService`: text in, text out; what the server is. */
  readonly llmProxy: ServiceClient<typeof LlmProxyService>;
  /** `ProjectService`. */
  readonly projects: ServiceClient<typeof ProjectService>;
  /** `KeyService`. */
  readonly keys: ServiceClient<typeof KeyService>;
  /** `ConfigurationService`. */
  readonly configuration: ServiceClient<typeof ConfigurationService>;
  /** `JwtService`. */
  readonly jwt: ServiceClient<typeof JwtService>;
  /** `grpc.health.v1.Health`. */
  readonly health: ServiceClient<typeof Health>;
  /** Asks a model and waits for the whole answer. */
  complete(input: ChatInput, options?: CallOptions): Promise<Answer>;
  /** Asks a model and reads the answer's text as it comes. */
  streamText(input: ChatInput, options?: CallOptions): AnswerStream<string>;
  /** Asks a model and reads everything it says as it comes. */
  stream(input: ChatInput, options?: CallOptions): AnswerStream<ChatPart>;
  /** Breaks off the calls there are and lets go of the connections. */
  close(): void;
}

/** How a platform reaches servers. */
export interface Platform {
  /** Makes the way to one server. */
  connect(baseUrl: string): Transport;
  /** Lets go of all connections. */
  close(): void;
}

/** The longest a server works on one call. */
const defaultTimeoutMs = 600_000;

/**
 * Makes a client.
 *
 * @throws TypeError when there is no base URL, or one is not the URL of a server
 */
export function createClient(options: ClientOptions, platform: Platform): LlmProxyClient {
  const { baseUrls, clock = systemClock, random = randomShare, coolDownMs = 10_000 } = options;
  if (baseUrls.length === 0) throw new TypeError("baseUrls: expected at least one URL");
  const servers = baseUrls
    .map(readBaseUrl)
    .map((baseUrl) => ({ baseUrl, transport: platform.connect(baseUrl) }));
  const caller = new Caller({
    servers: new Servers(servers, clock, coolDownMs),
    tokens: new TokenSource(options.token),
    retry: new RetryPolicy(options.retry ?? {}, random),
    clock,
    headers: options.headers ?? {},
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
  });
  return {
    chat: createServiceClient(ChatService, caller),
    llmProxy: createServiceClient(LlmProxyService, caller),
    projects: createServiceClient(ProjectService, caller),
    keys: createServiceClient(KeyService, caller),
    configuration: createServiceClient(ConfigurationService, caller),
    jwt: createServiceClient(JwtService, caller),
    health: createServiceClient(Health, caller),
    ...asking(caller),
    close() {
      caller.close();
      platform.close();
    },
  };
}

function asking(caller: Caller): Pick<LlmProxyClient, "complete" | "stream" | "streamText"> {
  const { complete, streamComplete } = ChatService.method;
  const stream = <T>(
    input: ChatInput,
    options: CallOptions | undefined,
    read: (piece: StreamCompleteResponse) => T | undefined,
  ): AnswerStream<T> => {
    const source = caller.stream(streamComplete, { chat: writeChat(input) }, options);
    return createAnswerStream({ source, read, wantsJson: input.schema !== undefined });
  };
  return {
    async complete(input, options) {
      const response = await caller.unary(complete, { chat: writeChat(input) }, options);
      return readAnswer(response, input.schema !== undefined);
    },
    streamText: (input, options) => stream(input, options, textOf),
    stream: (input, options) => stream(input, options, readPart),
  };
}

/** What a refusal says is no answer: `result()` tells it. */
function textOf({ part }: StreamCompleteResponse): string | undefined {
  return part.case === "text" && part.value.choice === 0 ? part.value.text : undefined;
}

function readBaseUrl(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isPlain =
    url && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (!isPlain) throw new TypeError("baseUrls: expected http: or https: URLs without credentials or a query");
  return baseUrl.replace(/\/+$/, "");
}

/**
 * The client for Node: HTTP/2 or HTTP/1.1, by Connect, gRPC or gRPC-Web.
 *
 * @module
 */

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { type ClientOptions, createClient, type LlmProxyClient, type Platform } from "./client.ts";
import { systemClock } from "./clock.ts";
import { NodeSession } from "./node-session.ts";

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

/** What a client for Node is made from. */
export interface LlmProxyClientOptions extends ClientOptions {
  /** How calls are written; `connect` when absent. */
  readonly protocol?: "connect" | "grpc" | "grpc-web";
  /** `2` when absent: many calls over one connection. `1.1` is for proxies that know no better; gRPC needs `2`. */
  readonly httpVersion?: "1.1" | "2";
  /** Milliseconds a connection over HTTP/2 may take to be opened before another server is tried; 10,000 when absent. */
  readonly connectTimeoutMs?: number;
  /** Certificates: `ca` to trust a private authority, `cert` and `key` to say who calls. */
  readonly tls?: Pick<SecureContextOptions, "ca" | "cert" | "key" | "passphrase" | "pfx">;
}

/** More than any answer has. */
const readMaxBytes = 64 * 1024 * 1024;

/** How long a connection may say nothing while answers are awaited before it is asked whether it still lives. */
const pings = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 };

/**
 * Makes a client for Node.
 *
 * @throws TypeError when there is no base URL, or one is not the URL of a server
 */
export function createLlmProxyClient(options: LlmProxyClientOptions): LlmProxyClient {
  return createClient(options, options.httpVersion === "1.1" ? overHttp1(options) : overHttp2(options));
}

function overHttp2(options: LlmProxyClientOptions): Platform {
  const { protocol, connectTimeoutMs = 10_000, clock = systemClock, tls } = options;
  const sessions: NodeSession[] = [];
  return {
    connect(baseUrl) {
      const sessionManager = new NodeSession({ baseUrl, connectTimeoutMs, clock, pings, connect: tls });
      sessions.push(sessionManager);
      const shared = { baseUrl, sessionManager, readMaxBytes };
      if (protocol === "grpc") return createGrpcTransport(shared);
      const overHttp2 = { ...shared, httpVersion: "2" } as const;
      return protocol === "grpc-web" ? createGrpcWebTransport(overHttp2) : createConnectTransport(overHttp2);
    },
    close() {
      for (const session of sessions) session.close();
    },
  };
}

function overHttp1({ protocol, tls }: LlmProxyClientOptions): Platform {
  if (protocol === "grpc") throw new TypeError('httpVersion: expected "2", which gRPC needs');
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true, ...tls });
  return {
    connect(baseUrl): Transport {
      const agent = baseUrl.startsWith("https:") ? secure : plain;
      const options = { baseUrl, httpVersion: "1.1", nodeOptions: { agent }, readMaxBytes } as const;
      return protocol === "grpc-web" ? createGrpcWebTransport(options) : createConnectTransport(options);
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

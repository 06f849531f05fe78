/**
 * A transcoder behind real sockets.
 *
 * @module
 */

import { createServer as createHttp1Server } from "node:http";
import { connect, createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { RegisteredRpc, Rpc } from "@llmproxy/services";
import type { Credentials } from "@llmproxy/spec";
import { ProxyError, Secret } from "@llmproxy/spec";
import {
  createMemoryLogger,
  createMemoryMeter,
  type MemoryLogger,
  type MemoryMeter,
} from "@llmproxy/testing";
import type { TranscoderOptions } from "../transcoding/options.ts";
import { createTranscoder } from "../transcoding/transcoder.ts";

/** A served registry. */
export interface TestServer {
  /** `http://127.0.0.1:<port>`, HTTP/1.1. */
  readonly url: string;
  /** The same for HTTP/2 without TLS. */
  readonly http2Url: string;
  readonly logger: MemoryLogger;
  readonly meter: MemoryMeter;
  close(): Promise<void>;
}

/** Serves RPCs; `authorization: Bearer manager` may do everything, `Bearer nobody` nothing. */
export async function startTestServer(
  rpcs: readonly Rpc[],
  overrides: Partial<TranscoderOptions> = {},
): Promise<TestServer> {
  const logger = createMemoryLogger();
  const meter = createMemoryMeter();
  const transcoder = createTranscoder({
    registry: { rpcs: rpcs.map(register), services: [] },
    authenticator: { authenticate: async (credentials) => principalOf(credentials) },
    authorize(principal) {
      if (principal.id === "nobody") throw new ProxyError("permission_denied", "this is not for you");
    },
    readCredentials: ({ authorization }) =>
      authorization === undefined
        ? { kind: "none" }
        : { kind: "token", token: new Secret(authorization.replace("Bearer ", "")) },
    logger,
    meter,
    ...overrides,
  });
  const plain = createHttp1Server((request, response) => {
    if (!transcoder.handle(request, response)) response.writeHead(404).end("not ours");
  });
  const sessions = new Set<ServerHttp2Session>();
  const multiplexed = createHttp2Server((request, response) => {
    if (!transcoder.handle(request, response)) response.writeHead(404).end("not ours");
  });
  multiplexed.on("session", (session) => sessions.add(session));
  await Promise.all([plain, multiplexed].map((server) => listen(server)));
  const urlOf = (server: typeof plain | typeof multiplexed): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: urlOf(plain),
    http2Url: urlOf(multiplexed),
    logger,
    meter,
    async close() {
      for (const session of sessions) session.destroy();
      plain.closeAllConnections();
      await Promise.all([plain, multiplexed].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function listen(server: { listen(port: number, host: string, done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function principalOf(credentials: Credentials) {
  if (credentials.kind === "none") throw new ProxyError("unauthenticated", "an api key is needed");
  const id = credentials.token.reveal();
  if (id !== "manager" && id !== "nobody")
    throw new ProxyError("unauthenticated", "the api key is not valid", { reason: "token_not_found" });
  return { kind: "management", id, roles: [] } as const;
}

/** The test's methods declare no permission. */
function register(rpc: Rpc): RegisteredRpc {
  const path = `/${rpc.method.parent.typeName}/${rpc.method.name}`;
  return { rpc, path, ...(rpc.access.kind !== "public" && { permission: "server:read" }) };
}

/** An answer by HTTP/2. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends a request by HTTP/2 and reads the answer to its end. */
export function http2Request(
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    session.on("error", reject);
    const stream = session.request(headers, { endStream: body === undefined });
    let text = "";
    let head: Record<string, unknown> = {};
    stream.setEncoding("utf8");
    stream.on("response", (received) => {
      head = received;
    });
    stream.on("data", (chunk) => {
      text += chunk;
    });
    stream.on("error", (reason) => {
      session.destroy();
      reject(reason);
    });
    stream.on("end", () => {
      session.close();
      resolve({ status: Number(head[":status"]), headers: head, body: text });
    });
    if (body !== undefined) stream.end(body);
  });
}

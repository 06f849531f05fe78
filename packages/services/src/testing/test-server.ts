/**
 * The driver behind real sockets, and clients of every protocol.
 *
 * @module
 */

import { createServer as createHttp1Server, type Server as Http1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Transport } from "@connectrpc/connect";
import * as bridge from "@connectrpc/connect-node";
import { createRpcHandler, type RpcHandler } from "../driver/node-handler.ts";
import type { RpcRoutesOptions } from "../driver/options.ts";

/** A served registry. */
export interface TestServer {
  readonly handler: RpcHandler;
  /** `http://127.0.0.1:<port>` */
  readonly http1: string;
  /** The same for HTTP/2 without TLS. */
  readonly http2: string;
  /** Clients by name. */
  readonly transports: Readonly<Record<ProtocolName, Transport>>;
  close(): Promise<void>;
}

/** A protocol over a version of HTTP. */
export type ProtocolName = "grpc" | "grpc-web" | "connect" | "connect over http2";

/** The protocols, for tables. */
export const protocols: readonly ProtocolName[] = ["grpc", "grpc-web", "connect", "connect over http2"];

/**
 * Serves a registry on two free ports of the loopback.
 *
 * @param handler - to serve something else than the registry
 */
export async function startTestServer(
  options: RpcRoutesOptions,
  handler: RpcHandler = createRpcHandler({ ...options, bridge }),
): Promise<TestServer> {
  const plain = createHttp1Server((request, response) => handler.handle(request, response));
  const multiplexed = createHttp2Server((request, response) => handler.handle(request, response));
  const sessions = new Set<ServerHttp2Session>();
  multiplexed.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  const http1 = await listen(plain);
  const http2 = await listen(multiplexed);
  const manager = new bridge.Http2SessionManager(http2);
  return {
    handler,
    http1,
    http2,
    transports: {
      grpc: bridge.createGrpcTransport({ baseUrl: http2, sessionManager: manager }),
      "grpc-web": bridge.createGrpcWebTransport({ baseUrl: http1, httpVersion: "1.1" }),
      connect: bridge.createConnectTransport({ baseUrl: http1, httpVersion: "1.1" }),
      "connect over http2": bridge.createConnectTransport({
        baseUrl: http2,
        httpVersion: "2",
        sessionManager: manager,
      }),
    },
    async close() {
      manager.abort();
      for (const session of sessions) session.destroy();
      plain.closeAllConnections();
      await Promise.all([closed(plain), closed(multiplexed)]);
    },
  };
}

async function listen(server: Http1Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Http1Server | Http2Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

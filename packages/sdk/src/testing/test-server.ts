/**
 * A server behind real sockets, over both versions of HTTP.
 *
 * @module
 */

import { createServer as createHttp1Server, type Server as Http1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

/** A served router. */
export interface TestServer {
  /** Ports on the loopback. */
  readonly ports: { readonly http1: number; readonly http2: number };
  /** `http://127.0.0.1:<port>` */
  readonly http1: string;
  readonly http2: string;
  /** How many HTTP/2 connections there have been. */
  readonly sessions: () => number;
  close(): Promise<void>;
}

/** Serves routes on two free ports of the loopback. */
export async function startTestServer(routes: (router: ConnectRouter) => void): Promise<TestServer> {
  const handler = connectNodeAdapter({ routes });
  const plain = createHttp1Server(handler);
  const multiplexed = createHttp2Server(handler);
  const open = new Set<ServerHttp2Session>();
  let sessions = 0;
  multiplexed.on("session", (session) => {
    sessions++;
    open.add(session);
    session.on("close", () => open.delete(session));
    session.on("error", () => undefined);
  });
  const ports = { http1: await listen(plain), http2: await listen(multiplexed) };
  return {
    ports,
    http1: `http://127.0.0.1:${ports.http1}`,
    http2: `http://127.0.0.1:${ports.http2}`,
    sessions: () => sessions,
    async close() {
      for (const session of open) session.destroy();
      plain.closeAllConnections();
      await Promise.all([closed(plain), closed(multiplexed)]);
    },
  };
}

async function listen(server: Http1Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function closed(server: Http1Server | Http2Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

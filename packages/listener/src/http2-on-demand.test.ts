import { connect } from "node:http2";
import { connect as connectSocket } from "node:net";
import { createMemoryLogger } from "@llmproxy/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createListener, type Listener } from "./listener.ts";

const listeners: Listener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

async function listen(): Promise<Listener> {
  const listener = await createListener({
    handler: (_request, response) => {
      response.statusCode = 204;
      response.end();
    },
    host: "127.0.0.1",
    port: 0,
    logger: createMemoryLogger(),
  });
  listeners.push(listener);
  return listener;
}

function status(url: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const session = connect(url).on("error", reject);
    const stream = session.request({ ":path": "/" }).on("error", reject);
    stream.on("response", (headers) => {
      resolve(headers[":status"]);
      session.close();
    });
    stream.resume();
  });
}

describe("HTTP/2 on demand", () => {
  it("serves connections that come while it is being loaded, each of them", async () => {
    const { url } = await listen();
    expect(await Promise.all(Array.from({ length: 10 }, () => status(url)))).toEqual(
      Array.from({ length: 10 }, () => 204),
    );
  });

  it("survives a connection that is reset while it is being loaded", async () => {
    const { url } = await listen();
    const { port } = new URL(url);
    const socket = connectSocket(Number(port), "127.0.0.1", () => {
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", () => socket.resetAndDestroy());
    });
    await new Promise((resolve) => socket.on("close", resolve));
    expect(await status(url)).toBe(204);
  });

  it("drains without ever having been loaded", async () => {
    const listener = await listen();
    expect(await listener.drain({ delayMs: 0, timeoutMs: 1000 })).toEqual({ aborted: 0 });
  });
});

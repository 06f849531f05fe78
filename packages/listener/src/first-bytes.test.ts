import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { awaitFirstBytes, type FirstBytes } from "./first-bytes.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** A connection over loopback, both ends. */
async function pair(): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const listening = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const client = connect(address.port, "127.0.0.1").setNoDelay();
  const [server] = await once(listening, "connection");
  onTestFinished(() => {
    client.destroy();
    server.destroy();
    listening.close();
  });
  return { client, server };
}

/** Looks at a connection whose deadline is 5 s. */
function look(server: Socket) {
  const clock = createFakeClock();
  const { promise, resolve } = Promise.withResolvers<FirstBytes>();
  awaitFirstBytes(server, { clock, timeoutMs: 5_000, onResult: resolve });
  return { clock, result: promise };
}

async function readAll(socket: Socket, length: number): Promise<string> {
  let text = "";
  for (socket.resume(); text.length < length; ) {
    const [chunk] = await once(socket, "data");
    text += chunk.toString("latin1");
  }
  return text;
}

describe("awaitFirstBytes", () => {
  it.each([
    ["GET / HTTP/1.1\r\n\r\n", "http1"],
    ["PUT / HTTP/1.1\r\n\r\n", "http1"],
    [`${preface}more`, "http2"],
    ["\x16\x03\x01", "tls"],
  ] as const)("tells what %j begins, and leaves it to be read", async (text, protocol) => {
    const { client, server } = await pair();
    const { clock, result } = look(server);
    client.write(text, "latin1");
    expect(await result).toBe(protocol);
    expect(clock.pending).toBe(0);
    expect(await readAll(server, text.length)).toBe(text);
  });

  it("puts the preface together from single bytes", async () => {
    const { client, server } = await pair();
    const { result } = look(server);
    for (const byte of preface) {
      client.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await result).toBe("http2");
    expect(await readAll(server, preface.length)).toBe(preface);
  });

  it("gives up on a client that says nothing", async () => {
    const { server } = await pair();
    const { clock, result } = look(server);
    await clock.advance(5_000);
    expect(await result).toBe("timeout");
  });

  it("gives up on half a preface", async () => {
    const { client, server } = await pair();
    const { clock, result } = look(server);
    client.write(preface.slice(0, 12));
    while (server.bytesRead < 12) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(4_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await result).toBe("timeout");
  });

  it.each(["end", "destroy", "resetAndDestroy"] as const)(
    "notices a client that leaves by %s",
    async (way) => {
      const { client, server } = await pair();
      server.on("error", () => {});
      const { clock, result } = look(server);
      client[way]();
      expect(await result).toBe("ended");
      expect(clock.pending).toBe(0);
    },
  );
});

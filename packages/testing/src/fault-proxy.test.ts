import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createFakeClock } from "./fake-clock.ts";
import { createFaultProxy, type FaultProxy } from "./fault-proxy.ts";
import { expectNoLeaks } from "./leak-check.ts";
import { until } from "./until.ts";

// Answers each piece in upper case and ends when the client does.
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
  socket.on("end", () => socket.end("bye"));
});
const clients: Socket[] = [];

beforeAll(() => once(server.listen(0, "127.0.0.1"), "listening"));
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterAll(() => once(server.close(), "close"));

function target(): { readonly port: number } {
  return { port: (server.address() as AddressInfo).port };
}

async function open(proxy: FaultProxy): Promise<Socket> {
  const client = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  clients.push(client);
  await once(client, "connect");
  return client;
}

async function ask(client: Socket, question: string): Promise<string> {
  client.write(question);
  const [answer] = await once(client, "data");
  return String(answer);
}

describe("createFaultProxy", () => {
  it("passes both directions and their ends", async () => {
    await using proxy = await createFaultProxy({ target: target() });
    const client = await open(proxy);
    expect(await ask(client, "hello")).toBe("HELLO");
    client.end();
    expect(await text(client)).toBe("bye");
    expect(proxy.connections).toBe(1);
  });

  it("cuts present connections and accepts new ones", async () => {
    await using proxy = await createFaultProxy({ target: target() });
    const [first, second] = [await open(proxy), await open(proxy)];
    await Promise.all([ask(first, "a"), ask(second, "b")]);
    const ends = [once(first, "end"), once(second, "end")];
    proxy.cut();
    await Promise.all(ends);
    expect(await ask(await open(proxy), "again")).toBe("AGAIN");
  });

  it("stalls without closing, and hands on what it held", async () => {
    await using proxy = await createFaultProxy({ target: target() });
    const client = await open(proxy);
    expect(await ask(client, "before")).toBe("BEFORE");
    proxy.stall();
    proxy.stall();
    const late = await open(proxy);
    const answers = Promise.all([ask(client, "during"), ask(late, "late")]);
    await turns(20);
    expect({ read: client.bytesRead, open: proxy.openConnections }).toEqual({ read: 6, open: 2 });
    await proxy.resume();
    expect(await answers).toEqual(["DURING", "LATE"]);
  });

  it("refuses new connections, keeps present ones, and accepts again on the same port", async () => {
    await using proxy = await createFaultProxy({ target: target() });
    const client = await open(proxy);
    await ask(client, "a");
    const { port } = proxy;
    proxy.refuse();
    await expect(open(proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await ask(client, "still")).toBe("STILL");
    await proxy.resume();
    expect(proxy.port).toBe(port);
    expect(await ask(await open(proxy), "b")).toBe("B");
  });

  it("cuts a connection after so many bytes of the target", async () => {
    await using proxy = await createFaultProxy({ target: target() });
    proxy.cutAfterBytes = 8;
    const client = await open(proxy);
    expect(await ask(client, "12345")).toBe("12345");
    client.write("67890");
    expect(await text(client)).toBe("678");
  });

  it("delays each piece, in order, on its clock", async () => {
    const clock = createFakeClock();
    await using proxy = await createFaultProxy({ target: target(), clock });
    proxy.latencyMs = 50;
    const client = await open(proxy);
    const answer = ask(client, "slow");
    await until(() => clock.pending === 1);
    await clock.advance(50);
    await until(() => clock.pending === 1);
    await clock.advance(50);
    expect(await answer).toBe("SLOW");
  });

  it("closes the client's connection when the target refuses", async () => {
    const dead = createServer().listen(0, "127.0.0.1");
    await once(dead, "listening");
    const { port } = dead.address() as AddressInfo;
    await once(dead.close(), "close");
    await using proxy = await createFaultProxy({ target: { port } });
    expect(await text(await open(proxy))).toBe("");
  });

  it.each(["flowing", "stalled", "refusing"])("leaves nothing behind when closed while %s", async (state) => {
    await expectNoLeaks(async () => {
      const proxy = await createFaultProxy({ target: target() });
      const client = await open(proxy);
      await ask(client, "a");
      if (state === "stalled") proxy.stall();
      if (state === "refusing") proxy.refuse();
      client.on("error", () => {}).write("more");
      await proxy.close();
      await proxy.close();
      client.destroy();
    });
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

import type { Socket } from "node:net";
import { createFakeClock, createMemoryLogger, createMemoryMeter } from "@llmproxy/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { Connections } from "./connections.ts";
import { Door } from "./door.ts";
import { defaultListenerLimits } from "./limits.ts";
import { RawClient } from "./test-support/raw-client.ts";

async function openDoor(limits: Partial<typeof defaultListenerLimits> = {}) {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const gauge = createMemoryMeter().gauge({ name: "open", help: "open", labels: ["protocol"] });
  const connections = new Connections({ maxPerIp: 10, gauge });
  const refused: string[] = [];
  const accepted: (readonly [protocol: string, socket: Socket])[] = [];
  const door = new Door({
    connections,
    clock,
    logger,
    limits: { ...defaultListenerLimits, ...limits },
    accept: {
      http1: (socket) => accepted.push(["http1", socket]),
      http2: (socket) => accepted.push(["http2", socket]),
    },
    onRefused: (reason) => refused.push(reason),
  });
  const { port } = await door.open({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    door.close();
    connections.destroyAll();
    await door.whenClosed();
  });
  const connect = async () => {
    const client = await RawClient.connect(port);
    onTestFinished(() => client.close());
    return client;
  };
  return { door, clock, logger, connections, refused, accepted, connect };
}

describe("Door", () => {
  it.each([
    ["http1", "GET / HTTP/1.1\r\n"],
    ["http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ])("hands %s over", async (protocol, bytes) => {
    const { accepted, connect } = await openDoor();
    await (await connect()).send(bytes);
    await expect.poll(() => accepted.map(([name]) => name)).toEqual([protocol]);
  });

  it("closes a connection that begins with TLS", async () => {
    const { accepted, refused, connect } = await openDoor();
    const client = await connect();
    await client.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
    await client.ended();
    expect(refused).toEqual(["tls"]);
    expect(accepted).toEqual([]);
    expect(client.bytes.length).toBe(0);
  });

  it("closes a connection that says nothing for 5 s", async () => {
    const { clock, connections, refused, connect } = await openDoor();
    const client = await connect();
    await expect.poll(() => connections.size).toBe(1);
    await clock.advance(4_999);
    expect(client.hasEnded).toBe(false);
    await clock.advance(1);
    await client.ended();
    expect(refused).toEqual(["first_byte_timeout"]);
  });

  it("forgets a connection that leaves without a word", async () => {
    const { clock, connections, refused, connect } = await openDoor();
    const client = await connect();
    await expect.poll(() => connections.size).toBe(1);
    client.close();
    await expect.poll(() => connections.size).toBe(0);
    expect(clock.pending).toBe(0);
    expect(refused).toEqual([]);
  });

  it("turns connections away when there are as many as may be, until one leaves", async () => {
    const { accepted, refused, connect } = await openDoor({ maxConnections: 2 });
    const [first] = [await connect(), await connect()];
    const third = await connect();
    await third.ended();
    expect(refused).toEqual(["max_connections"]);
    first.close();
    await expect
      .poll(async () => {
        await (await connect()).send("GET");
        return accepted.length;
      })
      .toBeGreaterThan(0);
  });

  it("survives that no connection can be accepted, and says so now and then", async () => {
    const { door, clock, logger, refused, accepted, connect } = await openDoor();
    const error = Object.assign(new Error("accept EMFILE"), { code: "EMFILE" });
    for (let count = 0; count < 100; count += 1) door.server.emit("error", error);
    const warnings = () => logger.entries.filter(({ level }) => level === "warn");
    expect(warnings()).toEqual([
      { level: "warn", message: "connections cannot be accepted", fields: { error } },
    ]);
    expect(refused).toEqual(new Array(100).fill("accept_failed"));
    await clock.advance(10_000);
    door.server.emit("error", error);
    expect(warnings().length).toBe(2);

    await (await connect()).send("GET");
    await expect.poll(() => accepted.length).toBe(1);
  });

  it("survives a connection that fails", async () => {
    const { accepted, connections, logger, connect } = await openDoor();
    const client = await connect();
    await client.send("GET");
    await expect.poll(() => accepted.length).toBe(1);
    const [, socket] = accepted[0]!;
    socket.destroy(new Error("cut"));
    await expect.poll(() => connections.size).toBe(0);
    expect(logger.entries.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "debug connection failed",
    ]);
  });

  it("lets nobody in any more when it is closed, and keeps who is in", async () => {
    const { door, accepted, connect } = await openDoor();
    const client = await connect();
    await client.send("GET");
    await expect.poll(() => accepted.length).toBe(1);
    door.close();
    await expect(connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(client.hasEnded).toBe(false);
  });
});

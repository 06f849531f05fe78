import { Socket } from "node:net";
import { createMemoryMeter } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { Connections } from "./connections.ts";

const gaugeName = "connections";

function counted(maxPerIp = 2) {
  const meter = createMemoryMeter();
  const gauge = meter.gauge({ name: gaugeName, help: "open", labels: ["protocol"] });
  return { connections: new Connections({ maxPerIp, gauge }), meter };
}

/** A socket that says it comes from somewhere. */
function from(address: string): Socket {
  return Object.defineProperty(new Socket(), "remoteAddress", { value: address });
}

async function destroy(socket: Socket): Promise<void> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
}

describe("Connections", () => {
  it("takes in as many from one address as it may", async () => {
    const { connections } = counted(2);
    const first = from("192.0.2.1");
    expect(
      [first, from("192.0.2.1"), from("192.0.2.1"), from("192.0.2.2")].map((s) => connections.add(s)),
    ).toEqual([true, true, false, true]);
    expect(connections.size).toBe(3);
    await destroy(first);
    expect(connections.add(from("192.0.2.1"))).toBe(true);
    expect(connections.add(from("192.0.2.1"))).toBe(false);
  });

  it.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("does not limit %s", (address) => {
    const { connections } = counted(1);
    expect([1, 2, 3].map(() => connections.add(from(address)))).toEqual([true, true, true]);
  });

  it.each(["128.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "::127", ""])("limits %j", (address) => {
    const { connections } = counted(1);
    expect([1, 2].map(() => connections.add(from(address)))).toEqual([true, false]);
  });

  it("counts by protocol until a connection is closed", async () => {
    const { connections, meter } = counted();
    const socket = from("192.0.2.1");
    const value = (protocol: string) => meter.value(gaugeName, { protocol });
    connections.add(socket);
    expect([value("unknown"), value("http2")]).toEqual([1, 0]);
    connections.setProtocol(socket, "http2");
    expect([value("unknown"), value("http2")]).toEqual([0, 1]);
    await destroy(socket);
    expect([value("unknown"), value("http2")]).toEqual([0, 0]);
    connections.setProtocol(socket, "http1");
    expect(value("http1")).toBe(0);
  });

  it("closes those that have not said what they speak", () => {
    const { connections } = counted();
    const [silent, speaking] = [from("192.0.2.1"), from("192.0.2.2")];
    connections.add(silent);
    connections.add(speaking);
    connections.setProtocol(speaking, "http1");
    connections.destroyUnknown();
    expect([silent.destroyed, speaking.destroyed]).toEqual([true, false]);
  });

  it("tells everybody who waits when the last one is closed", async () => {
    const { connections } = counted();
    await connections.whenEmpty();
    connections.add(from("192.0.2.1"));
    connections.add(from("192.0.2.2"));
    const waits = [connections.whenEmpty(), connections.whenEmpty()];
    connections.destroyAll();
    await Promise.all(waits);
    expect(connections.size).toBe(0);
  });
});

import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "./fake-clock.ts";
import { expectNoLeaks, leakCheck } from "./leak-check.ts";

const graceMs = 20;

describe("leakCheck", () => {
  it("finds nothing when nothing happened", async () => {
    expect(await leakCheck().leaks()).toEqual([]);
  });

  it("finds an open server and is content once it is closed", async () => {
    const check = leakCheck({ graceMs });
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    expect(await check.leaks()).toEqual([expect.stringMatching(/^TCPServerWrap: \d+ before, \d+ after$/)]);
    server.close();
    expect(await check.leaks()).toEqual([]);
  });

  it("finds a timer that keeps the process alive", async () => {
    const check = leakCheck({ graceMs });
    const timer = setTimeout(() => {}, 60_000);
    expect(await check.leaks()).toEqual([expect.stringContaining("Timeout")]);
    clearTimeout(timer);
    expect(await check.leaks()).toEqual([]);
  });

  it("waits for what is closing", async () => {
    const check = leakCheck();
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").resume();
    await once(socket, "connect");
    server.close();
    expect(await check.leaks()).toEqual([]);
  });

  it("finds listeners on signals and emitters", async () => {
    const { signal } = new AbortController();
    const emitter = new EventEmitter();
    const check = leakCheck({ signals: [signal], emitters: [emitter], graceMs });
    const listener = (): void => {};
    signal.addEventListener("abort", listener);
    emitter.on("close", listener);
    expect(await check.leaks()).toEqual([
      "abort listeners of signal 0: 0 before, 1 after",
      "close listeners of emitter 0: 0 before, 1 after",
    ]);
    signal.removeEventListener("abort", listener);
    emitter.off("close", listener);
    expect(await check.leaks()).toEqual([]);
  });

  it("finds timers of a fake clock", async () => {
    const clock = createFakeClock();
    const check = leakCheck({ clocks: [clock], graceMs });
    clock.schedule(10, () => {});
    expect(await check.leaks()).toEqual(["timers of clock 0: 0 before, 1 after"]);
  });
});

describe("expectNoLeaks", () => {
  it("returns what the function returns", async () => {
    expect(await expectNoLeaks(async () => 42)).toBe(42);
  });

  it("throws what the function throws", async () => {
    await expect(expectNoLeaks(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("throws naming what is left", async () => {
    const { signal } = new AbortController();
    const leaky = async (): Promise<void> => signal.addEventListener("abort", () => {});
    await expect(expectNoLeaks(leaky, { signals: [signal], graceMs })).rejects.toThrow(
      "leaked abort listeners of signal 0",
    );
  });
});

import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { type UpstreamTimeouts, Watchdogs } from "./watchdog.ts";

const timeouts: UpstreamTimeouts = { connectMs: 100, firstByteMs: 1_000, idleMs: 300, totalMs: 5_000 };

function start() {
  const clock = createFakeClock();
  const expired: string[] = [];
  const watchdogs = new Watchdogs({ clock, timeouts });
  const watchdog = watchdogs.start((limit) => expired.push(limit));
  return { clock, expired, watchdog, watchdogs };
}

describe("Watchdogs", () => {
  it.each(["connectMs", "firstByteMs", "idleMs"] as const)(
    "expires when %s has passed, and not before",
    async (phase) => {
      const { clock, expired, watchdog } = start();
      watchdog.watch(phase);
      await clock.advance(timeouts[phase] - 1);
      expect(expired).toEqual([]);
      await clock.advance(1);
      expect(expired).toEqual([phase]);
    },
  );

  it("starts a limit anew each time it is watched", async () => {
    const { clock, expired, watchdog } = start();
    for (let piece = 0; piece < 5; piece += 1) {
      watchdog.watch("idleMs");
      await clock.advance(299);
    }
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual(["idleMs"]);
  });

  it("goes from a short limit to a longer one and back", async () => {
    const { clock, expired, watchdog } = start();
    watchdog.watch("connectMs");
    await clock.advance(50);
    watchdog.watch("firstByteMs");
    await clock.advance(900);
    expect(expired).toEqual([]);
    watchdog.watch("idleMs");
    await clock.advance(299);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual(["idleMs"]);
  });

  it("watches nothing but the whole while there is no phase", async () => {
    const { clock, expired, watchdog } = start();
    watchdog.watch("idleMs");
    watchdog.watch();
    await clock.advance(4_999);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual(["totalMs"]);
  });

  it("expires once, and has no timer afterwards", async () => {
    const { clock, expired, watchdog } = start();
    watchdog.watch("connectMs");
    await clock.advance(10_000);
    watchdog.watch("idleMs");
    await clock.advance(10_000);
    expect(expired).toEqual(["connectMs"]);
    expect(clock.pending).toBe(0);
  });

  it("does not expire after it was stopped", async () => {
    const { clock, expired, watchdog } = start();
    watchdog.watch("connectMs");
    watchdog.stop();
    watchdog.watch("idleMs");
    expect(clock.pending).toBe(0);
    await clock.advance(10_000);
    expect(expired).toEqual([]);
  });

  it("holds one timer at a time however often it watches", () => {
    const { clock, watchdog } = start();
    watchdog.watch("connectMs");
    watchdog.watch("firstByteMs");
    for (let piece = 0; piece < 100; piece += 1) watchdog.watch(piece % 2 === 0 ? "idleMs" : undefined);
    expect(clock.pending).toBe(1);
    watchdog.stop();
  });

  it("watch many exchanges with one timer, each with limits of its own", async () => {
    const { clock, expired, watchdog, watchdogs } = start();
    watchdog.watch("firstByteMs");
    await clock.advance(500);
    const others = Array.from({ length: 3 }, (_, index) =>
      watchdogs.start((limit) => expired.push(`${index} ${limit}`)),
    );
    for (const other of others) other.watch("connectMs");
    expect(clock.pending).toBe(1);
    others[1]?.watch("idleMs");
    others[2]?.stop();
    await clock.advance(99);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual(["0 connectMs"]);
    await clock.advance(200);
    expect(expired).toEqual(["0 connectMs", "1 idleMs"]);
    await clock.advance(200);
    expect(expired).toEqual(["0 connectMs", "1 idleMs", "firstByteMs"]);
    expect(clock.pending).toBe(0);
  });

  it("let one exchange end another when its time is up", async () => {
    const { clock, expired, watchdog, watchdogs } = start();
    watchdog.watch("firstByteMs");
    const other = watchdogs.start(() => watchdog.stop());
    other.watch("connectMs");
    await clock.advance(5_000);
    expect(expired).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

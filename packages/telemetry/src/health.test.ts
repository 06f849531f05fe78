import { type HealthStatus, ProxyError } from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createHealth, type HealthCheck } from "./health.ts";

const options = { intervalMs: 1_000, timeoutMs: 200 };

function setUp() {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const health = createHealth({ clock, logger });
  const changes: boolean[] = [];
  health.onChange(({ ready }) => changes.push(ready));
  return { clock, logger, health, changes };
}

/** A check whose result can be changed. */
function switchable() {
  const state: { error?: unknown; runs: number } = { runs: 0 };
  const check: HealthCheck = async () => {
    state.runs++;
    if (state.error !== undefined) throw state.error;
  };
  return { state, check };
}

describe("createHealth", () => {
  it("is ready without checks", () => {
    expect(setUp().health.status()).toEqual({ ready: true, checks: [] });
  });

  it("is not ready until every check has worked once", async () => {
    const { health, changes } = setUp();
    const gate = Promise.withResolvers<void>();
    health.register("store", () => gate.promise, options);
    health.register("synchronous", () => {}, options);
    expect(health.status()).toEqual({
      ready: false,
      checks: [
        { name: "store", healthy: false, message: "not checked yet" },
        { name: "synchronous", healthy: false, message: "not checked yet" },
      ],
    });
    gate.resolve();
    await health.settled();
    expect(health.status()).toEqual({
      ready: true,
      checks: [
        { name: "store", healthy: true },
        { name: "synchronous", healthy: true },
      ],
    });
    expect(changes).toEqual([false, true]);
    health.close();
  });

  it("runs each check again at its interval and notices both turns", async () => {
    const { clock, health, logger, changes } = setUp();
    const { state, check } = switchable();
    health.register("store", check, options);
    await health.settled();
    await clock.advance(1_000);
    expect(state.runs).toBe(2);
    state.error = new Error("connect ECONNREFUSED 10.0.0.7:5432");
    await clock.advance(2_000);
    expect(health.status().ready).toBe(false);
    state.error = undefined;
    await clock.advance(1_000);
    expect(health.status().ready).toBe(true);
    expect(changes).toEqual([false, true, false, true]);
    expect(logger.entries.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "health check fails"],
      ["info", "health check works again"],
    ]);
    health.close();
  });

  it.each([
    ["hides what other errors say", new Error("password of 10.0.0.7 is wrong"), "failed"],
    [
      "shows what our errors say",
      new ProxyError("unavailable", "the store is read-only"),
      "the store is read-only",
    ],
  ])("%s", async (_, error, message) => {
    const { health, logger } = setUp();
    health.register("store", () => Promise.reject(error), options);
    await health.settled();
    expect(health.status().checks).toEqual([{ name: "store", healthy: false, message }]);
    expect(logger.entries[0]?.fields).toEqual({ check: "store", error });
    health.close();
  });

  it("counts a check that throws at once, or nothing, as failed", async () => {
    const { health } = setUp();
    health.register(
      "throws",
      () => {
        throw new Error("broken");
      },
      options,
    );
    health.register("rejects with nothing", () => Promise.reject(), options);
    await health.settled();
    expect(health.status().checks.map(({ healthy }) => healthy)).toEqual([false, false]);
    health.close();
  });

  it("gives up on a check that takes too long, and asks again", async () => {
    const { clock, health } = setUp();
    const signals: AbortSignal[] = [];
    health.register(
      "slow",
      (signal) => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => {}) : Promise.resolve();
      },
      options,
    );
    await clock.advance(200);
    expect(signals[0]?.aborted).toBe(true);
    expect(health.status().checks).toEqual([
      { name: "slow", healthy: false, message: "did not answer within 200 ms" },
    ]);
    await clock.advance(1_000);
    expect(health.status().ready).toBe(true);
    health.close();
    expect(clock.pending).toBe(0);
  });

  it("is not ready while draining, whatever the checks say", async () => {
    const { clock, health, changes } = setUp();
    const { check } = switchable();
    health.register("store", check, options);
    await health.settled();
    health.startDraining();
    health.startDraining();
    await clock.advance(1_000);
    expect(health.status()).toEqual({ ready: false, checks: [{ name: "store", healthy: true }] });
    expect(changes).toEqual([false, true, false]);
    health.close();
  });

  it("stops everything when closed, also a check on its way", async () => {
    const { clock, health, logger } = setUp();
    let seen: AbortSignal | undefined;
    health.register(
      "stuck",
      (signal) => {
        seen = signal;
        return new Promise(() => {});
      },
      options,
    );
    health.close();
    await clock.advance(10_000);
    expect({ aborted: seen?.aborted, pending: clock.pending }).toEqual({ aborted: true, pending: 0 });
    expect(health.status().ready).toBe(false);
    expect(logger.entries).toEqual([]);
  });

  it("tells the status to every listener, one that throws notwithstanding, until it unsubscribes", async () => {
    const { health, logger } = setUp();
    const seen: HealthStatus[] = [];
    health.onChange(() => {
      throw new Error("broken listener");
    });
    const unsubscribe = health.onChange((status) => seen.push(status));
    health.register("store", () => {}, options);
    expect(seen).toHaveLength(1);
    unsubscribe();
    unsubscribe();
    await health.settled();
    expect(seen.map(({ ready }) => ready)).toEqual([false]);
    expect(logger.entries[0]).toMatchObject({ level: "error" });
    health.close();
  });

  it("refuses two checks of one name", () => {
    const { health } = setUp();
    health.register("store", () => {}, options);
    expect(() => health.register("store", () => {}, options)).toThrow("already a health check named store");
    health.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Destination } from "./load/load-job.ts";
import { runCancel } from "./load/run-cancel.ts";
import { runLoad } from "./load/run-load.ts";
import { startUpstream, type Upstream } from "./mock/upstream.ts";
import { defaultScript } from "./wire/script.ts";

let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream();
});

afterAll(() => upstream.close());

function destination(format: "openai" | "anthropic", port = upstream.port): Destination {
  const path = format === "openai" ? "/v1/chat/completions" : "/v1/messages";
  return { port, path, headers: {}, format, model: "gpt-4o-mini" };
}

describe("the load generator against the upstream", () => {
  const job = { script: defaultScript, concurrency: 4, warmupMs: 0, durationMs: 50 };

  it.each(["openai", "anthropic"] as const)("gets whole answers in the format of %s", async (format) => {
    const result = await runLoad({ ...job, destination: destination(format), stream: false });
    expect(result).toMatchObject({ failed: 0 });
    expect(result.completed).toBeGreaterThan(0);
    expect(result.latencyMs.count).toBe(result.completed);
  });

  it.each(["openai", "anthropic"] as const)("gets every chunk in the format of %s", async (format) => {
    const result = await runLoad({ ...job, destination: destination(format), stream: true });
    expect(result).toMatchObject({ failed: 0 });
    expect(result.completed).toBeGreaterThan(0);
    expect(result.chunkMs.count).toBeGreaterThanOrEqual(result.completed * 99);
  });

  it("leaves the upstream's own time out", async () => {
    const script = { ...defaultScript, delayMs: 30 };
    const result = await runLoad({ ...job, script, destination: destination("openai"), stream: false });
    expect(result.completed).toBeGreaterThan(0);
    expect(result.latencyMs.p50).toBeLessThan(30);
  });

  it("counts answers that are none", async () => {
    const lost = { ...destination("openai"), path: "/nowhere" };
    const result = await runLoad({ ...job, destination: lost, stream: false });
    expect(result).toMatchObject({ completed: 0, failure: "status 404" });
  });

  it("counts connections that fail", async () => {
    const nobody = await startUpstream();
    await nobody.close();
    const result = await runLoad({ ...job, destination: destination("openai", nobody.port), stream: false });
    expect(result.completed).toBe(0);
    expect(result.failure).toContain("ECONNREFUSED");
  });

  it("tells which requests were given up, and when", async () => {
    const script = { delayMs: 0, chunks: 1_000, burst: 1, paceMs: 5 };
    const cancel = { script, stream: true, count: 3, afterChunks: 2, afterMs: 0 };
    upstream.takeAbandoned();
    const { closedUs } = await runCancel({ ...cancel, destination: destination("openai") });
    const seen: { call: number; atUs: number }[] = [];
    await expect
      .poll(() => {
        seen.push(...upstream.takeAbandoned());
        return seen.map(({ call }) => call);
      })
      .toEqual([1, 2, 3]);
    for (const { call, atUs } of seen) expect(atUs).toBeGreaterThanOrEqual(closedUs[call - 1] ?? 0);
  });
});

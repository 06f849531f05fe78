import { createFakeClock } from "@llmproxy/testing";
import { array, assert, asyncProperty, constantFrom, integer, oneof, record } from "fast-check";
import { describe, expect, it } from "vitest";
import type { LiveConfig } from "./live-config.ts";
import { watchConfig } from "./watch-config.ts";

/** What a good file says: a setting that is live and one that needs a restart. */
interface Good {
  readonly drainDelay: number;
  readonly port: number;
}

const textOf = ({ drainDelay, port }: Good) => `server: { drain_delay: ${drainDelay}s, port: ${port} }\n`;

const goodEdit = record({ drainDelay: integer({ min: 0, max: 3 }), port: integer({ min: 1, max: 3 }) }).map(
  (good) => ({ text: textOf(good), good }),
);

const badEdit = constantFrom(
  "server: [\n",
  "server: { prot: 1 }\n",
  "server: { drain_delay: 1 }\n",
  "redis: { url: redis://x }\n",
  "\u0000",
).map((text) => ({ text, good: undefined }));

const override = constantFrom(
  { value: "1s", timeoutMs: 1_000 },
  { value: null, timeoutMs: 25_000 },
  { value: "soon", timeoutMs: undefined },
);

/** What should be so after some steps. */
interface Expected {
  good: Good;
  isBad: boolean;
  timeoutMs: number;
}

function expectState(live: LiveConfig, { good, isBad, timeoutMs }: Expected): void {
  expect(live.current().server).toMatchObject({
    drainDelayMs: good.drainDelay * 1_000,
    port: 1,
    drainTimeoutMs: timeoutMs,
  });
  expect(live.refused() !== undefined).toBe(isBad);
  const pending = { path: "server.port", current: 1, next: good.port };
  expect(live.pending()).toEqual(good.port === 1 ? [] : [pending]);
}

describe("watchConfig under any sequence of good and bad edits", () => {
  it("has the last good one in effect, with the restart settings of the first and overrides on top", async () => {
    const steps = array(oneof(goodEdit, badEdit, override), { maxLength: 12 });
    await assert(
      asyncProperty(steps, async (sequence) => {
        const expected: Expected = { good: { drainDelay: 0, port: 1 }, isBad: false, timeoutMs: 25_000 };
        let text = textOf(expected.good);
        const live = await watchConfig({
          directory: "/srv",
          file: "llmproxy.yaml",
          environment: {},
          clock: createFakeClock(),
          readFile: async () => ({ bytes: new TextEncoder().encode(text), isTruncated: false, mode: 0o600 }),
        });
        for (const step of sequence) {
          if ("text" in step) {
            text = step.text;
            expected.isBad = step.good === undefined;
            expected.good = step.good ?? expected.good;
            await live.reload();
          } else {
            await live.set("server.drain_timeout", step.value).catch(() => undefined);
            expected.timeoutMs = step.timeoutMs ?? expected.timeoutMs;
          }
          expectState(live, expected);
        }
        await live.close();
      }),
      { numRuns: 60 },
    );
  });
});

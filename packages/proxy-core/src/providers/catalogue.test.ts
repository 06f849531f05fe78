import type { ModelInfo } from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { type Catalogue, startCatalogue } from "./catalogue.ts";

const model = (id: string): ModelInfo => ({ id, provider: "p", aliases: [] });
const minute = 60_000;

/** Each load gives the next answer, the last for ever. */
function start(...answers: readonly (readonly ModelInfo[] | Error)[]) {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const loads: number[] = [];
  const load = async () => {
    const answer = answers[Math.min(loads.length, answers.length - 1)];
    loads.push(clock.monotonic() - 1_000);
    if (answer instanceof Error || !answer) throw answer;
    return answer;
  };
  return { clock, logger, loads, catalogue: startCatalogue({ load, clock, logger }) };
}

const ids = (catalogue: Catalogue) => catalogue.models().map(({ id }) => id);

describe("startCatalogue", () => {
  it("is empty until the provider has answered", async () => {
    const { catalogue, clock } = start([model("a")]);
    expect(catalogue.models()).toEqual([]);
    await clock.advance(0);
    expect(ids(catalogue)).toEqual(["a"]);
    await catalogue.close();
  });

  it("asks again every hour", async () => {
    const { catalogue, clock, loads } = start([model("a")], [model("b")]);
    await clock.advance(60 * minute - 1);
    expect(ids(catalogue)).toEqual(["a"]);
    await clock.advance(1);
    expect(ids(catalogue)).toEqual(["b"]);
    expect(loads).toEqual([0, 60 * minute]);
    await catalogue.close();
  });

  it("asks again ever later while it fails, an hour at most, and says so at debug", async () => {
    const { catalogue, clock, loads, logger } = start(new Error("down"));
    await clock.advance(5 * 60 * minute);
    expect(loads.slice(0, 9).map((at) => at / minute)).toEqual([
      0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5,
    ]);
    expect(new Set(logger.entries.map(({ level }) => level))).toEqual(new Set(["debug"]));
    await catalogue.close();
  });

  it("keeps the last good answer, and begins anew after a success", async () => {
    const { catalogue, clock, loads } = start(
      [model("a")],
      new Error("down"),
      [model("b")],
      new Error("down"),
    );
    await clock.advance(60 * minute);
    expect(ids(catalogue)).toEqual(["a"]);
    await clock.advance(0.5 * minute);
    expect(ids(catalogue)).toEqual(["b"]);
    await clock.advance(60.5 * minute);
    expect(loads.map((at) => at / minute)).toEqual([0, 60, 60.5, 120.5, 121]);
    await catalogue.close();
  });

  it("leaves no timer and logs nothing when it is closed between two loads", async () => {
    const { catalogue, clock, logger } = start([model("a")]);
    await clock.advance(0);
    await catalogue.close();
    await catalogue.close();
    expect(clock.pending).toBe(0);
    expect(ids(catalogue)).toEqual(["a"]);
    expect(logger.entries).toEqual([]);
  });

  it("aborts a load when it is closed", async () => {
    const logger = createMemoryLogger();
    const load = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const catalogue = startCatalogue({ load, clock: createFakeClock(), logger });
    await catalogue.close();
    expect(logger.entries).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { until } from "./until.ts";

describe("until", () => {
  it("returns once the answer is yes", async () => {
    let asked = 0;
    await until(() => ++asked === 3);
    await until(async () => ++asked === 5);
    expect(asked).toBe(5);
  });

  it("passes on what the question throws", async () => {
    await expect(until(() => Promise.reject(new Error("broken question")))).rejects.toThrow(
      "broken question",
    );
  });
});

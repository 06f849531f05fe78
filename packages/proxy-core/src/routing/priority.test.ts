import { describe, expect, it } from "vitest";
import { createPriorityPicker } from "./priority.ts";

const a = { provider: "a", model: "m" };
const b = { provider: "b", model: "m" };
const route = { name: "r", targets: [a, b] };

describe("createPriorityPicker", () => {
  it("picks targets in order, each once", () => {
    const picker = createPriorityPicker();
    expect(picker.pick(route, new Set())?.target).toBe(a);
    expect(picker.pick(route, new Set([a]))?.target).toBe(b);
    expect(picker.pick(route, new Set([b]))?.target).toBe(a);
    expect(picker.pick(route, new Set([a, b]))).toBeUndefined();
  });

  it("learns nothing", () => {
    const picker = createPriorityPicker();
    picker.pick(route, new Set())?.done("failed");
    expect(picker.pick(route, new Set())?.target).toBe(a);
  });
});

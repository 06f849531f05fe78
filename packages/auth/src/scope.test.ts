import type { Principal } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { maySeeProject, mayUseModel } from "./scope.ts";

const key: Principal = { kind: "key", id: "k", roles: ["key"], projectId: "p1" };
const root: Principal = { kind: "management", id: "management", roles: ["root"] };

describe("maySeeProject", () => {
  it("shows a confined principal its own project only", () => {
    expect(maySeeProject(key, "p1")).toBe(true);
    expect(["p2", "P1", "p1 ", "p", ""].filter((id) => maySeeProject(key, id))).toEqual([]);
  });

  it("shows every project to who is not confined", () => {
    expect(maySeeProject(root, "p2")).toBe(true);
  });
});

describe("mayUseModel", () => {
  it("allows every model where none are listed", () => {
    expect(mayUseModel(key, "gpt-4o")).toBe(true);
  });

  it("allows no model where the list is empty", () => {
    expect(mayUseModel({ ...key, allowedModels: [] }, "gpt-4o")).toBe(false);
  });

  it("allows what any of the patterns matches", () => {
    const principal = { ...key, allowedModels: ["fast", "openai/gpt-*"] };
    const asked = ["fast", "openai/gpt-4o", "faster", "gpt-4o", "Fast", "azure/openai/gpt-4o", ""];
    expect(asked.filter((model) => mayUseModel(principal, model))).toEqual(["fast", "openai/gpt-4o"]);
  });
});

import { describe, expect, it } from "vitest";
import { ConfigError, finding, firstOfEachPath } from "./violation.ts";

describe("ConfigError", () => {
  it("has one line for each violation, sorted by path", () => {
    const error = new ConfigError([
      { path: "server.port", message: "is 0, should be 1" },
      { path: "providers[10].name", message: "is missing", line: 12 },
      { path: "providers[2].name", message: "is missing", line: 4 },
      { path: "auth", message: "is a list, should be a map" },
    ]);
    expect(error.message.split("\n")).toEqual([
      "auth: is a list, should be a map",
      "providers[2].name: is missing (line 4)",
      "providers[10].name: is missing (line 12)",
      "server.port: is 0, should be 1",
    ]);
    expect(error.violations.map(({ path }) => path)).toEqual([
      "auth",
      "providers[2].name",
      "providers[10].name",
      "server.port",
    ]);
  });

  it("sorts violations of one path by line", () => {
    const error = new ConfigError([
      { path: "a.yaml", message: "second", line: 10 },
      { path: "a.yaml", message: "first", line: 9 },
    ]);
    expect(error.violations.map(({ message }) => message)).toEqual(["first", "second"]);
  });

  it("is an error by its own name whose violations cannot be changed", () => {
    const error = new ConfigError([{ path: "a", message: "b" }]);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("ConfigError");
    expect(Object.isFrozen(error.violations)).toBe(true);
  });
});

describe("firstOfEachPath", () => {
  it("keeps the first finding of each path and their order", () => {
    const findings = [
      finding(["b"], "1"),
      finding(["a", 0], "2"),
      finding(["b"], "3"),
      finding(["a", "0"], "4"),
    ];
    expect(firstOfEachPath(findings).map(({ message }) => message)).toEqual(["1", "2", "4"]);
  });
});

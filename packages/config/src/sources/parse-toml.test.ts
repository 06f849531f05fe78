import { describe, expect, it } from "vitest";
import { parseToml } from "./parse-toml.ts";

describe("parseToml", () => {
  it("reads tables, lists of tables and scalars", () => {
    const { value, problems } = parseToml(
      'default_model = "a"\n[server]\nport = 9_000\n[[providers]]\nname = "x"\nheaders = { X-A = "b" }\n',
    );
    expect(problems).toEqual([]);
    expect(value).toEqual({
      default_model: "a",
      server: { port: 9000 },
      providers: [{ name: "x", headers: { "X-A": "b" } }],
    });
  });

  it.each([
    ["a = 1\na = 2\n", 2],
    ["[a]\nb = 1\n[a]\nc = 2\n", 3],
    ["a = \n", 1],
    ["\n\na = [1\n", 3],
    ["a = 99999999999999999999\n", 1],
    [`a = ${"[".repeat(100)}${"]".repeat(100)}\n`, 1],
  ])("refuses %j, naming line and column", (text, line) => {
    const { value, problems } = parseToml(text);
    expect(value).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(/^is not valid at line \d+, column \d+: ./);
    expect(problems[0]?.line).toBeGreaterThanOrEqual(line);
  });

  it("shows nothing of the text", () => {
    const { problems } = parseToml('api_key = "hunter2\nport = 1\n');
    expect(problems[0]?.message).not.toContain("hunter2");
    expect(problems[0]?.message).not.toContain("\n");
  });

  it("keeps __proto__ as a key, for the reader of trees to refuse", () => {
    const { value } = parseToml("__proto__.polluted = true\n");
    expect("polluted" in Object(value)).toBe(false);
    expect("polluted" in {}).toBe(false);
  });
});

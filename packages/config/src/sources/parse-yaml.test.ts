import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { type ParsedText, parseJson, parseYaml } from "./parse-yaml.ts";

/** The problems of a text, as `path|line: message`. */
function problemsOf({ problems }: ParsedText): readonly string[] {
  return problems.map(({ path, line, message }) => `${formatPath(path ?? [])}|${line}: ${message}`);
}

describe("parseYaml", () => {
  it("reads maps, lists and the scalars of the core schema", () => {
    const text = `
# a comment
server: { host: "::1", port: 0x1F90 }
models:
  - name: fast
    aliases: [a, 'b', "c\\u0041"]
tls: { mode: off, on: yes }
null_one: ~
empty:
number: 1.5
flag: true
block: |
  two
  lines
1: one
`;
    const { value, problems } = parseYaml(text);
    expect(problems).toEqual([]);
    expect(value).toEqual({
      server: { host: "::1", port: 8080 },
      models: [{ name: "fast", aliases: ["a", "b", "cA"] }],
      tls: { mode: "off", on: "yes" },
      null_one: null,
      empty: null,
      number: 1.5,
      flag: true,
      block: "two\nlines\n",
      1: "one",
    });
  });

  it.each(["", "\n", "# only a comment\n", "---\n"])("takes %j for an empty map", (text) => {
    expect(parseYaml(text)).toMatchObject({ problems: [] });
    expect(parseYaml(text).value ?? {}).toEqual({});
  });

  it("knows the line of every key and item", () => {
    const { lines } = parseYaml("a:\n  b: 1\n  c:\n    - x\n    - d: 2\n\n      e: 3\n");
    expect(Object.fromEntries(lines)).toEqual({
      a: 1,
      "a.b": 2,
      "a.c": 3,
      "a.c[0]": 4,
      "a.c[1]": 5,
      "a.c[1].d": 5,
      "a.c[1].e": 7,
    });
  });

  it("reports each duplicate key with its line", () => {
    expect(problemsOf(parseYaml('a: 1\nb:\n  c: 1\n  "c": 2\n  c: 3\na: 2\n'))).toEqual([
      "b.c|4: is given twice, should be given once",
      "b.c|5: is given twice, should be given once",
      "a|6: is given twice, should be given once",
    ]);
  });

  it("follows aliases, a name meaning the nearest anchor before it", () => {
    expect(parseYaml("a: &x { n: 1 }\nb: *x\nc: &x 2\nd: *x\n").value).toEqual({
      a: { n: 1 },
      b: { n: 1 },
      c: 2,
      d: 2,
    });
  });

  it("takes merge keys for ordinary keys", () => {
    expect(parseYaml("a: &x { n: 1 }\nb: { <<: *x }\n").value).toEqual({
      a: { n: 1 },
      b: { "<<": { n: 1 } },
    });
  });

  it("keeps __proto__ as a key, for the reader of trees to refuse", () => {
    const { value } = parseYaml("__proto__: { polluted: true }\n");
    expect(Object.keys(Object(value))).toEqual(["__proto__"]);
    expect("polluted" in Object(value)).toBe(false);
  });

  it.each([
    ["a: [1, 2\nb: 3\n", 1],
    ["a: 1\n b: 2\n", 1],
    ["a: 'x\n", 1],
    ["\ta: 1\n", 1],
    ["a: 1\n---\nb: 2\n", 2],
    ["a: !!js/function x\n", 1],
    ["a: !custom x\n", 1],
    ["a: !!timestamp 2020-01-01\n", 1],
    ["? [a]\n: 1\n", 1],
    ["a: 1\nb: @x\n", 2],
    ["%YAML 1.2\na: 1\n", 1],
  ])("refuses %j, naming line and column", (text, line) => {
    const { value, problems } = parseYaml(text);
    expect(value).toBeUndefined();
    expect(problems[0]?.message).toMatch(/^is not valid at line \d+, column \d+: ./);
    expect(problems[0]?.line).toBeGreaterThanOrEqual(line);
  });

  it("refuses an alias without anchor, also one that stands before it", () => {
    expect(problemsOf(parseYaml("a: *x\nb: &x 1\n"))).toEqual([
      "a|1: is an alias without anchor, should name one that stands before it",
    ]);
  });

  it("refuses an alias within what it names", () => {
    expect(problemsOf(parseYaml("a: &x [*x]\n"))[0]).toContain("is nested too deeply");
    expect(problemsOf(parseYaml("a: &x { b: *x, c: *x }\n"))[0]).toContain("is nested too deeply");
  });

  it("refuses aliases that multiply, in the time of a moment", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items =
        level === 0 ? "lol, lol, lol" : Array.from({ length: 9 }, () => `*l${level - 1}`).join(", ");
      return `l${level}: &l${level} [${items}]`;
    });
    const { problems } = parseYaml(levels.join("\n"));
    expect(problems[0]?.message).toContain("holds more than 50000 values");
    expect(problems.length).toBeLessThanOrEqual(20);
  });

  it("refuses deep nesting without overflowing", () => {
    expect(parseYaml(`a: ${"[".repeat(40)}${"]".repeat(40)}`).problems[0]?.message).toContain(
      "is nested too deeply",
    );
    expect(parseYaml("[".repeat(20_000)).problems.length).toBeGreaterThan(0);
    expect(parseYaml("- ".repeat(5_000)).problems.length).toBeGreaterThan(0);
  });
});

describe("parseJson", () => {
  it("reads JSON, indented by whatever", () => {
    const text = '{\n\t"a": [1, -2.5e3, true, null, "\\u00e9\\/\\n"],\r\n\t"b": {}\n}';
    const { value, problems, lines } = parseJson(text);
    expect({ value, problems }).toEqual({
      value: { a: [1, -2500, true, null, "é/\n"], b: {} },
      problems: [],
    });
    expect(lines.get("b")).toBe(3);
  });

  it.each([
    ['{"a": 1,}', 1, 9],
    ["{'a': 1}", 1, 2],
    ["{a: 1}", 1, 2],
    ['{"a": 1} // x', 1, 10],
    ['{\n  "a": 01\n}', 2, 9],
    ['{"a": 1', 1, 8],
    ["", 1, 1],
    ['{"a": NaN}', 1, 7],
  ])("refuses %j at line %i, column %i", (text, line, column) => {
    expect(parseJson(text)).toEqual({
      value: undefined,
      problems: [{ message: `is not valid JSON at line ${line}, column ${column}`, line }],
      lines: new Map(),
    });
  });

  it("reports duplicate keys, which JSON.parse would swallow", () => {
    expect(problemsOf(parseJson('{\n"a": 1,\n"a": 2\n}'))).toEqual([
      "a|3: is given twice, should be given once",
    ]);
  });

  it("reads what JSON.parse reads", () => {
    const values = [
      0,
      -0.5,
      "a: b",
      "# x",
      "*x",
      "&x",
      "!x",
      "- x",
      " ",
      "\u2028",
      "true",
      "~",
      [[]],
      { "": { "a b": [{}] } },
      "\u0000\u001f",
    ];
    for (const value of values) expect(parseJson(JSON.stringify({ value })).value).toEqual({ value });
  });

  it("shows nothing of the text", () => {
    expect(problemsOf(parseJson('{"key": hunter2}')).join()).not.toContain("hunter2");
    expect(problemsOf(parseJson('{"key": "hunter2"')).join()).not.toContain("hunter2");
  });
});

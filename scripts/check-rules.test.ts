import { describe, expect, it } from "vitest";
import { ruleViolations } from "./check-rules.mjs";
import { rules } from "./rules.mjs";

const header = "/**\n * A file.\n *\n * @module\n */\n";
const source = "packages/auth/src/a.ts";
const test = "packages/auth/src/a.test.ts";

function violations(path: string, text: string): string[] {
  return ruleViolations([{ path, text: header + text }]);
}

describe("ruleViolations", () => {
  const offenders: [string, string][] = [
    [source, "const key = process.env.KEY;"],
    [source, 'import { env } from "node:process";'],
    [source, "const now = Date.now();"],
    [source, "const now = new Date();"],
    [source, "setTimeout(run, 10);"],
    [source, 'import { setTimeout as wait } from "node:timers/promises";'],
    [source, "await run(AbortSignal.timeout(10));"],
    [source, "await fetch(url);"],
    [source, "JSON.parse(text);"],
    [source, 'const options = { redirect: "follow" };'],
    [source, "const id = Math.random();"],
    [source, "connect({ rejectUnauthorized: false });"],
    [source, "function handle(req, res) {"],
    [source, "const opts = {};"],
    [source, 'import { b } from "./b.js";'],
    [source, 'import { b } from "../b";'],
    [source, "// @ts-ignore"],
    [source, "// TODO: later"],
    ["docs/a.md", "FIXME"],
    [test, 'it.only("x", () => {});'],
    [test, 'describe.skip("x", () => {});'],
    [test, 'it.skip.each([])("x", () => {});'],
    [test, 'vi.mock("./b.ts");'],
    ["docs/a.md", "see /root/notes"],
  ];

  it.each(offenders)("refuses in %s: %s", (path, line) => {
    expect(violations(path, line)).toEqual([expect.stringContaining(line)]);
  });

  it("refuses a file that does not say what it is for", () => {
    expect(ruleViolations([{ path: source, text: "export const a = 1;" }])).toEqual([
      expect.stringContaining("a file begins with a comment"),
    ]);
  });

  it("has an offender for every rule", () => {
    const reasons = new Set(
      offenders.flatMap(([path, line]) => violations(path, line)).map((each) => each.split("\n    ")[1]),
    );
    const untried = rules.filter(({ why, missing }) => !missing && !reasons.has(why));
    expect(untried.map(({ why }) => why)).toEqual([]);
  });

  it.each([
    [source, "// Date.now() is not used here"],
    [source, " * Like process.env, but not."],
    [source, "socket.setTimeout(10); clock.schedule(10, run); proxy.fetch(request);"],
    [source, "const at = new Date(clock.now());"],
    [source, "// TODO(#12): later"],
    [source, 'import { setImmediate as nextTurn } from "node:timers/promises";'],
    ["packages/auth/src/test-support/server.ts", "setTimeout(run, 10);"],
    [source, "const platform = process.platform;"],
    [source, 'const separator = ["/v1/home/x", "https://example.com/home/x"];'],
    [test, "setTimeout(run, 10); Date.now(); it.skipIf(!redis)('x', () => {}); JSON.parse(text);"],
    ["packages/auth/src/gen/a_pb.ts", "JSON.parse(text);"],
    ["packages/spec/src/clock.ts", "const now = Date.now();"],
    ["apps/server/src/main.ts", "const key = process.env.KEY;"],
  ])("allows in %s: %s", (path, line) => {
    expect(violations(path, line)).toEqual([]);
  });
});

import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkComponents, findComponent } from "./real-components.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";

let directory: TemporaryDirectory;
let program: string;
let absent: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
  program = join(directory.path, "program");
  absent = join(directory.path, "absent");
  await writeFile(program, "#!/bin/sh\n");
  await chmod(program, 0o755);
});
afterAll(() => directory.remove());

function linesOf(environment: Record<string, string>): string[] {
  const lines: string[] = [];
  checkComponents(environment, (line) => lines.push(line));
  return lines;
}

describe("a real component", () => {
  it("is found where its variable says, and nowhere else", () => {
    expect(findComponent("chromium", { LLMPROXY_TEST_CHROMIUM: program })).toBe(program);
    expect(findComponent("chromium", { LLMPROXY_TEST_CHROMIUM: absent })).toBeUndefined();
  });

  it("is nothing that cannot be run", async () => {
    const text = join(directory.path, "text");
    await writeFile(text, "", { mode: 0o600 });
    expect(findComponent("chromium", { LLMPROXY_TEST_CHROMIUM: text })).toBeUndefined();
  });

  it("is not spoken of when it is there, required or not", () => {
    expect(linesOf({ LLMPROXY_TEST_CHROMIUM: program })).toEqual([]);
    expect(linesOf({ LLMPROXY_TEST_CHROMIUM: program, LLMPROXY_TEST_REQUIRE: " chromium " })).toEqual([]);
  });

  it("costs one line when it is absent", () => {
    expect(linesOf({ LLMPROXY_TEST_CHROMIUM: absent })).toEqual([
      expect.stringMatching(/^chromium is absent, its tests are skipped: .*LLMPROXY_TEST_CHROMIUM/),
    ]);
  });

  it("must be there when it is required", () => {
    const environment = { LLMPROXY_TEST_CHROMIUM: absent, LLMPROXY_TEST_REQUIRE: "chromium" };
    expect(() => linesOf(environment)).toThrow(/chromium is absent.*install/);
    expect(() => linesOf({ LLMPROXY_TEST_REQUIRE: "chrome" })).toThrow('"chrome"; known: chromium');
  });
});

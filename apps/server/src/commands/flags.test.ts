import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { runCommand } from "../test-support/run-command.ts";

describe("serve", () => {
  it("says in its help which flags are not in this version", async () => {
    const { stdout } = await runCommand(".", ["serve", "--help"]);
    const lacking = stdout.replace(/\n {3,}/g, " ").match(/--\S+(?= <\w+> .*\(not in this version\))/g);
    expect(lacking).toEqual(["--workers", "--max-rpm", "--max-concurrent"]);
  });

  it.each([
    ["--workers", "2", "server.workers"],
    ["--max-rpm", "5", "limits.global.rpm"],
    ["--max-concurrent", "5", "limits.global.concurrency"],
    ["--port", "http", "server.port"],
  ])("names %s in its refusal, beside the setting", async (flag, value, setting) => {
    await using directory = await temporaryDirectory();
    const { code, stderr } = await runCommand(directory.path, ["serve", flag, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${flag} (${setting}): `);
  });
});

describe("config validate", () => {
  it("checks the file it is given, as --config does", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "good.yaml"), "server: { port: 1 }\n");
    await writeFile(join(directory.path, "bad.yaml"), "server: { prot: 1 }\n");
    const validate = (...given: string[]) => runCommand(directory.path, ["config", "validate", ...given]);
    const good = await validate("good.yaml", "--config", "bad.yaml");
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining("good.yaml") });
    expect(await validate("bad.yaml")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("server.prot"),
    });
    expect((await validate("--config", "bad.yaml")).code).toBe(2);
  });
});

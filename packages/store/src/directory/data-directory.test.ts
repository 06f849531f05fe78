import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { prepareDataDirectory } from "./data-directory.ts";

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe("prepareDataDirectory", () => {
  it("makes a directory only its owner may enter, and those above it", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "a", "b");
    expect(await prepareDataDirectory(path)).toBe(path);
    expect([await modeOf(join(directory.path, "a")), await modeOf(path)]).toEqual(["700", "700"]);
  });

  it("makes an absolute path of a relative one", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "data");
    expect(await prepareDataDirectory(relative(process.cwd(), path))).toBe(path);
  });

  it("leaves a directory that exists as it is", async () => {
    await using directory = await temporaryDirectory();
    await chmod(directory.path, 0o755);
    await writeFile(join(directory.path, "kept"), "");
    await prepareDataDirectory(directory.path);
    expect(await modeOf(directory.path)).toBe("755");
    expect(await readdir(directory.path)).toEqual(["kept"]);
  });

  it("takes a link to a directory", async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, "target"));
    await symlink("target", join(directory.path, "link"));
    await expect(prepareDataDirectory(join(directory.path, "link"))).resolves.toContain("link");
  });

  it.each([
    ["a file", "file", "it is not a directory"],
    ["a path through a file", "file/below", "a part of its path is not a directory"],
    ["a broken link", "broken", "cannot be used"],
    ["a name that is too long", "x".repeat(300), "its path is too long"],
  ])("refuses %s, saying so", async (_what, name, message) => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "file"), "");
    await symlink("nowhere/at/all", join(directory.path, "broken"));
    const path = join(directory.path, name);
    await expect(prepareDataDirectory(path)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(message),
    });
  });

  it.skipIf(process.getuid?.() === 0)("refuses a directory that may not be written", async () => {
    await using directory = await temporaryDirectory();
    await chmod(directory.path, 0o500);
    await expect(prepareDataDirectory(directory.path)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("it must be readable and writable"),
    });
    await chmod(directory.path, 0o700);
  });
});

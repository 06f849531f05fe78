import { existsSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

describe("temporaryDirectory", () => {
  it("makes an empty directory only its owner can enter", async () => {
    await using directory = await temporaryDirectory();
    expect(await readdir(directory.path)).toEqual([]);
    expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
  });

  it("makes another one each time", async () => {
    await using first = await temporaryDirectory();
    await using second = await temporaryDirectory();
    expect(first.path).not.toBe(second.path);
  });

  it("goes with everything inside at the end of the block", async () => {
    let path: string;
    {
      await using directory = await temporaryDirectory();
      path = directory.path;
      await mkdir(join(path, "deep"));
      await writeFile(join(path, "deep", "file"), "x");
    }
    expect(existsSync(path)).toBe(false);
  });

  it("may be removed twice", async () => {
    const directory = await temporaryDirectory();
    await directory.remove();
    await expect(directory.remove()).resolves.toBeUndefined();
  });
});

import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFailure, readSystemFile } from "./read-file.ts";

describe("readSystemFile", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "llmproxy-config-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("reads a file and its mode", async () => {
    const path = join(directory, "a");
    await writeFile(path, "hello");
    await chmod(path, 0o640);
    const { bytes, isTruncated, mode } = await readSystemFile(path, 5);
    expect({ text: new TextDecoder().decode(bytes), isTruncated, mode }).toEqual({
      text: "hello",
      isTruncated: false,
      mode: 0o640,
    });
  });

  it("reads no more than it is asked for, and says so", async () => {
    const path = join(directory, "b");
    await writeFile(path, new Uint8Array(300_000).fill(65));
    const { bytes, isTruncated } = await readSystemFile(path, 200_000);
    expect({ length: bytes.length, isTruncated }).toEqual({ length: 200_000, isTruncated: true });
  });

  it("ends for a file without end", async () => {
    const { bytes, isTruncated } = await readSystemFile("/dev/zero", 1_000);
    expect({ length: bytes.length, isTruncated }).toEqual({ length: 1_000, isTruncated: true });
  });

  it("reads an empty file", async () => {
    const path = join(directory, "c");
    await writeFile(path, "");
    const { bytes, isTruncated } = await readSystemFile(path, 10);
    expect({ length: bytes.length, isTruncated }).toEqual({ length: 0, isTruncated: false });
  });

  it("rejects in a way readFailure explains", async () => {
    await mkdir(join(directory, "d"));
    const missing = await readSystemFile(join(directory, "nothing"), 1).catch(readFailure);
    const isDirectory = await readSystemFile(join(directory, "d"), 1).catch(readFailure);
    expect([missing, isDirectory]).toEqual(["does not exist", "is a directory, should be a file"]);
  });
});

describe("readFailure", () => {
  it.each([
    [Object.assign(new Error("x"), { code: "EACCES" }), "may not be read by this process"],
    [Object.assign(new Error("x"), { code: "EIO" }), "cannot be read (EIO)"],
    [new Error("x"), "cannot be read"],
    ["x", "cannot be read"],
  ])("explains %s", (error, expected) => {
    expect(readFailure(error)).toBe(expected);
  });
});

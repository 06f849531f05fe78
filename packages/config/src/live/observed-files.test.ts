import { describe, expect, it } from "vitest";
import type { FileContent } from "../sources/read-file.ts";
import { isSameObservation, observeAgain, observeFiles } from "./observed-files.ts";

const content = (text: string, mode = 0o600): FileContent => ({
  bytes: new TextEncoder().encode(text),
  isTruncated: false,
  mode,
});

/** Whether a second look differs from the first. */
async function differs(first: () => FileContent, second: () => FileContent): Promise<boolean> {
  const observer = observeFiles(async () => first());
  await observer.readFile("a", 10).catch(() => undefined);
  return !isSameObservation(observer.seen, await observeAgain(observer.seen, async () => second()));
}

const missing = () => {
  throw Object.assign(new Error("none"), { code: "ENOENT" });
};

describe("observeFiles", () => {
  it.each<[string, () => FileContent, () => FileContent, boolean]>([
    ["the same content", () => content("a"), () => content("a"), false],
    ["other content", () => content("a"), () => content("b"), true],
    ["another mode", () => content("a", 0o644), () => content("a", 0o600), true],
    ["a file that goes on", () => content("a"), () => ({ ...content("a"), isTruncated: true }), true],
    ["a file that is gone", () => content("a"), missing, true],
    ["a file that appears", missing, () => content(""), true],
    ["a file that is still missing", missing, missing, false],
  ])("tells %s", async (_, first, second, expected) => {
    expect(await differs(first, second)).toBe(expected);
  });

  it("passes on what it reads, and why it cannot", async () => {
    const observer = observeFiles(async (path) => (path === "a" ? content("text") : missing()));
    expect(await observer.readFile("a", 10)).toEqual(content("text"));
    await expect(observer.readFile("b", 10)).rejects.toMatchObject({ code: "ENOENT" });
    expect([...observer.seen.keys()]).toEqual(["a", "b"]);
  });
});

import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { configSchema } from "./config.ts";
import { schemaAt } from "./inspect.ts";
import { markAt, markOf, marks, settingsOf } from "./marks.ts";

const all = settingsOf(configSchema);

describe("marks", () => {
  it.each(all.map((path) => [formatPath(path), path] as const))("has a mark for %s", (_, path) => {
    expect(markAt(path)).toBeDefined();
  });

  it.each(Object.keys(marks))("names a setting that exists: %s", (path) => {
    expect(schemaAt(configSchema, path.split("."))).toBeDefined();
  });

  it.each(Object.entries(marks))(
    "has a row for %s because it differs from what holds above it",
    (path, mark) => {
      const above = markAt(path.split(".").slice(0, -1));
      expect(above).not.toBe(mark);
    },
  );
});

describe("markAt", () => {
  it.each([
    ["server.port", ["server", "port"], "restart"],
    ["what a part of the server is made with", ["server", "max_body_bytes"], "restart"],
    ["an entry of a list", ["providers", 0, "timeout", "idle"], "live"],
    ["a key of a map", ["limits", "subjects", "a.b", "rpm"], "live"],
    ["a setting whose section is marked", ["store", "retention", "usage"], "restart"],
    ["a setting that differs from its section", ["auth", "issuer", "key_file"], "restart"],
    ["the rest of that section", ["auth", "issuer", "ttl"], "live"],
  ] as const)("tells the mark of %s", (_, path, mark) => {
    expect(markAt(path)).toBe(mark);
  });

  it("has none for a section of both kinds and for what does not exist", () => {
    expect(markAt(["server"])).toBeUndefined();
    expect(markAt([])).toBeUndefined();
    expect(markAt(["server", "prot"])).toBeUndefined();
  });
});

describe("markOf", () => {
  it("reads the path", () => {
    expect(markOf("providers[0].base_url")).toBe("live");
    expect(markOf("server.port")).toBe("restart");
    expect(markOf("a..b")).toBeUndefined();
  });
});

describe("settingsOf", () => {
  it("takes lists and maps with free keys as one setting", () => {
    const paths = all.map(formatPath);
    expect(paths).toEqual(
      expect.arrayContaining(["providers", "limits.subjects", "auth.jwt", "server.cors.origins"]),
    );
    expect(paths.filter((path) => path.startsWith("providers"))).toEqual(["providers"]);
  });
});

import { describe, expect, it } from "vitest";
import { formatPath, isWithin, parsePath } from "./path.ts";

describe("formatPath", () => {
  it.each([
    [[], ""],
    [["server"], "server"],
    [["server", "port"], "server.port"],
    [["providers", 0, "base_url"], "providers[0].base_url"],
    [["providers", 2, "api_keys", 10, "weight"], "providers[2].api_keys[10].weight"],
    [["providers", 0, "headers", "X-Team"], "providers[0].headers.X-Team"],
    [["limits", "subjects", "a.b c", "rpm"], 'limits.subjects["a.b c"].rpm'],
    [["__proto__"], "__proto__"],
    [[""], '[""]'],
  ])("writes %j as %s", (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it("writes different paths differently", () => {
    expect(formatPath(["a", "b"])).not.toBe(formatPath(["a.b"]));
    expect(formatPath(["a", 0])).not.toBe(formatPath(["a", "0"]));
  });
});

describe("isWithin", () => {
  it.each([
    [["a", "b"], ["a"], true],
    [["a"], ["a"], true],
    [["a"], [], true],
    [["a"], ["a", "b"], false],
    [["ab"], ["a"], false],
    [["a", 1], ["a", 0], false],
  ])("tells of %j in %j: %s", (path, ancestor, expected) => {
    expect(isWithin(path, ancestor)).toBe(expected);
  });
});

describe("parsePath", () => {
  it.each([
    ["server.port", ["server", "port"]],
    ["providers[0].base_url", ["providers", 0, "base_url"]],
    ['providers[0].headers["X.y"]', ["providers", 0, "headers", "X.y"]],
    ['limits.subjects["a\\"b\\\\"].rpm', ["limits", "subjects", 'a"b\\', "rpm"]],
    ["models", ["models"]],
  ])("reads %s, as formatPath writes it", (text, path) => {
    expect(parsePath(text)).toEqual(path);
    expect(formatPath(path)).toBe(text);
  });

  it("takes keys that formatPath would quote, as far as they are clear", () => {
    expect(parsePath("limits.subjects.some one.rpm")).toEqual(["limits", "subjects", "some one", "rpm"]);
  });

  it.each(["", ".", ".a", "a.", "a..b", "a[", "a[x]", "a[-1]", "a[01]", "[0]", "a[0]b", 'a["b]', "a]"])(
    "refuses %j",
    (text) => {
      expect(parsePath(text)).toBeUndefined();
    },
  );
});

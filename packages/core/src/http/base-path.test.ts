import { describe, expect, it } from "vitest";
import { checkBasePath, withoutBase } from "./base-path.ts";

describe("checkBasePath", () => {
  it.each([
    ["", ""],
    ["/", ""],
    ["/api/llm", "/api/llm"],
    ["/api/llm/", "/api/llm"],
  ])("takes %j", (given, path) => {
    expect(checkBasePath(given)).toBe(path);
  });

  it.each(["api", "/api?x", "//", "https://example.com/api", "/a b"])(
    "refuses %j, naming the option",
    (given) => {
      expect(() => checkBasePath(given)).toThrow(
        expect.objectContaining({ code: "invalid_request", field: "http.basePath" }),
      );
    },
  );
});

describe("withoutBase", () => {
  it.each([
    ["/v1/models?limit=1", "", "/v1/models?limit=1"],
    ["/api/v1/models?limit=1", "/api", "/v1/models?limit=1"],
    ["/api", "/api", "/"],
    ["/api?x=1", "/api", "/?x=1"],
    ["/apis/v1", "/api", undefined],
    ["/v1/models", "/api", undefined],
  ])("%s below %j is %j", (url, base, rest) => {
    expect(withoutBase(url, base)).toBe(rest);
  });
});

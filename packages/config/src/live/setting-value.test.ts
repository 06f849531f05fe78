import { describe, expect, it } from "vitest";
import { parseSettingValue } from "./setting-value.ts";

describe("parseSettingValue", () => {
  it.each([
    ["60", 60],
    ["1.5", 1.5],
    ["true", true],
    ["null", null],
    ["30s", "30s"],
    ["sqlite:llmproxy.db", "sqlite:llmproxy.db"],
    ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"],
    ['"60"', "60"],
    ["[a, 1]", ["a", 1]],
    ["{ rpm: 60 }", { rpm: 60 }],
    ['{"rpm": 60}', { rpm: 60 }],
    ["", ""],
    ["#fff", "#fff"],
  ])("reads %s", async (text, value) => {
    expect(await parseSettingValue(text)).toEqual(value);
  });

  it.each(["[hunter2", "hunter2: [", "&hunter2", '{ "__proto__": hunter2 }'])(
    "refuses %s without showing it",
    async (text) => {
      const error = await parseSettingValue(text).then(String, String);
      if (text !== "&hunter2") expect(error).toContain("ConfigError: value: ");
      expect(error).not.toContain("hunter2");
    },
  );
});

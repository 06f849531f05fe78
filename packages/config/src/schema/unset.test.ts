import { describe, expect, it } from "vitest";
import { configSchema } from "./config.ts";
import { withoutUnset } from "./unset.ts";

describe("withoutUnset", () => {
  it("removes settings that are null from maps at every depth", () => {
    expect(
      withoutUnset(
        {
          server: null,
          auth: { management_token: null, enabled: false },
          providers: [{ name: "a", kind: "openai", base_url: null, timeout: { idle: null, total: "1s" } }],
          limits: { subjects: { somebody: { rpm: null } } },
        },
        configSchema,
      ),
    ).toEqual({
      auth: { enabled: false },
      providers: [{ name: "a", kind: "openai", timeout: { total: "1s" } }],
      limits: { subjects: { somebody: {} } },
    });
  });

  it("leaves the items of lists in their places", () => {
    expect(withoutUnset({ providers: [null, { name: "a" }] }, configSchema)).toEqual({
      providers: [null, { name: "a" }],
    });
  });

  it("leaves unknown keys, which would otherwise pass unnoticed", () => {
    const tree = { srever: null, server: { prot: null } };
    expect(withoutUnset(tree, configSchema)).toEqual(tree);
  });

  it("leaves values of another form than the schema's", () => {
    const tree = { server: [null], providers: { a: null }, default_model: { b: null } };
    expect(withoutUnset(tree, configSchema)).toEqual({
      server: [null],
      providers: {},
      default_model: { b: null },
    });
  });
});

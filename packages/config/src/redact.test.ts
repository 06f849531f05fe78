import { describe, expect, it } from "vitest";
import { formatPath } from "./path.ts";
import { leafPaths, redactMap } from "./redact.ts";
import { configSchema } from "./schema/config.ts";

describe("redactMap", () => {
  it("hides secrets in every spelling and the values of headers", () => {
    const shown = redactMap(
      {
        auth: { enabled: true, management_token: "hunter2", jwt: [{ issuer: "i", secret_file: "f" }] },
        providers: [
          { name: "a", kind: "openai", api_key_env: "K", headers: { "X-Team": "hunter2" } },
          { name: "b", kind: "openai", api_keys: [{ api_key: "hunter2", weight: 1 }] },
        ],
        tls: { acme: { eab: { kid: "k", hmac_key: "hunter2" } } },
      },
      configSchema,
    );
    expect(shown).toEqual({
      auth: { enabled: true, management_token: "[secret]", jwt: [{ issuer: "i", secret: "[secret]" }] },
      providers: [
        { name: "a", kind: "openai", api_key: "[secret]", headers: { "X-Team": "[secret]" } },
        { name: "b", kind: "openai", api_keys: [{ api_key: "[secret]", weight: 1 }] },
      ],
      tls: { acme: { eab: { kid: "k", hmac_key: "[secret]" } } },
    });
  });

  it("leaves everything else and drops what is undefined", () => {
    expect(
      redactMap({ server: { port: 1, host: undefined }, features: { a: { b: [1] } } }, configSchema),
    ).toEqual({
      server: { port: 1 },
      features: { a: { b: [1] } },
    });
  });
});

describe("leafPaths", () => {
  it("lists scalars and what is empty", () => {
    expect(leafPaths({ a: { b: 1, c: [] }, d: [{ e: null }, "x"], f: {} }).map(formatPath)).toEqual([
      "a.b",
      "a.c",
      "d[0].e",
      "d[1]",
      "f",
    ]);
  });
});

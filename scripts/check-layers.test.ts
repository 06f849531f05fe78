import { describe, expect, it } from "vitest";
import { layerViolations, specifiersOf } from "./check-layers.mjs";

const exported = { ".": {}, "./extra": {} };
const spec = { folder: "packages/spec", manifest: { name: "@llmproxy/spec", exports: exported } };
const testing = { folder: "packages/testing", manifest: { name: "@llmproxy/testing", exports: exported } };
const store = { folder: "packages/store", manifest: { name: "@llmproxy/store", exports: exported } };
const auth = {
  folder: "packages/auth",
  manifest: {
    name: "@llmproxy/auth",
    exports: exported,
    dependencies: { "@llmproxy/spec": "workspace:*", jose: "6" },
    devDependencies: { "@llmproxy/testing": "workspace:*", "fast-check": "4" },
  },
};
const packages = [spec, testing, store, auth];

function violations(path: string, text: string): string[] {
  return layerViolations(packages, [{ path, text }]);
}

describe("specifiersOf", () => {
  it("finds imports of every form and none in comments", () => {
    const text = `
      import type { A } from "a";
      import {
        B,
      } from "b";
      import "c";
      export { D } from "d";
      type E = import("e").E;
      const f = await import("f");
      const g = import.meta.resolve("g");
      const conditions = ["node", "import", "default", "from", "x"];
      Buffer.from("y");
      // import "h";
      /** @example import { i } from "i"; */`;
    expect(specifiersOf(text)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });
});

describe("layerViolations", () => {
  it.each([
    ["packages/auth/src/a.ts", 'import { x } from "@llmproxy/spec";'],
    ["packages/auth/src/a.ts", 'import { x } from "@llmproxy/spec/extra";'],
    ["packages/auth/src/a.ts", 'import { x } from "@llmproxy/auth/extra";'],
    [
      "packages/auth/src/a.ts",
      'import { x } from "jose"; import { y } from "node:fs"; import { z } from "./b.ts";',
    ],
    [
      "packages/auth/src/a.test.ts",
      'import { x } from "@llmproxy/testing"; import "fast-check"; import "vitest";',
    ],
    ["packages/auth/src/test-support/a.ts", 'import { x } from "@llmproxy/testing"; import "../a.ts";'],
  ])("allows %s: %s", (path, text) => {
    expect(violations(path, text)).toEqual([]);
  });

  it.each([
    ["another library", "a.ts", 'import type { x } from "@llmproxy/store";', "not declared"],
    ["a fake outside of tests", "a.ts", 'import { x } from "@llmproxy/testing";', "not declared"],
    ["test support outside of tests", "a.ts", 'import { x } from "./test-support/x.ts";', "only tests"],
    ["what is not exported", "a.ts", 'import { x } from "@llmproxy/spec/src/x.ts";', "does not export"],
    ["another package by path", "a.ts", 'import { x } from "../../spec/src/x.ts";', "leaves its package"],
    ["an undeclared dependency", "a.ts", 'import { x } from "zod/mini";', "not declared"],
    ["a development dependency outside of tests", "a.ts", 'import { x } from "fast-check";', "not declared"],
    ["an absolute path", "a.ts", 'import { x } from "/somewhere/x.ts";', "neither a package nor"],
    ["a URL", "a.ts", 'await import("https://example.com/x.js");', "neither a package nor"],
    ["a builtin without its scheme", "a.ts", 'import { x } from "fs";', 'write "node:fs"'],
  ])("refuses %s", (_, file, text, what) => {
    expect(violations(`packages/auth/src/${file}`, text)).toEqual([expect.stringContaining(what)]);
  });

  it("refuses a declared dependency on a library, in the manifest and in the import", () => {
    const both = {
      ...auth,
      manifest: { ...auth.manifest, dependencies: { "@llmproxy/store": "workspace:*" } },
    };
    const text = 'import { x } from "@llmproxy/store";';
    expect(layerViolations([store, both], [{ path: "packages/auth/src/a.ts", text }])).toEqual([
      "packages/auth/package.json: must not depend on @llmproxy/store",
      'packages/auth/src/a.ts: imports "@llmproxy/store": auth must not know store',
    ]);
  });

  it("refuses a package that stands in no layer", () => {
    const stranger = { folder: "packages/stranger", manifest: { name: "@llmproxy/stranger" } };
    expect(layerViolations([stranger], [])).toEqual([expect.stringContaining("stands in no layer")]);
  });

  it("follows the core's main entry, but not what it does not reach", () => {
    const dependencies = { "@llmproxy/store": "workspace:*" };
    const core = { folder: "packages/core", manifest: { name: "@llmproxy/core", dependencies } };
    const text = 'import { x } from "@llmproxy/store";';
    const files = [
      { path: "packages/core/src/index.ts", text: 'export { a } from "./a.ts";' },
      { path: "packages/core/src/a.ts", text: 'import { b } from "./deep/b.ts";' },
      { path: "packages/core/src/deep/b.ts", text },
      { path: "packages/core/src/config.ts", text },
    ];
    expect(layerViolations([store, core], files)).toEqual([
      `packages/core/src/deep/b.ts: the core's main entry must not reach "@llmproxy/store"`,
    ]);
  });
});

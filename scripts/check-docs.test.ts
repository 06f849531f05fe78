import { describe, expect, it } from "vitest";
import { blocksOf, brokenLinks } from "./check-docs.mjs";

describe("blocksOf", () => {
  it("finds TypeScript blocks of Markdown with the line they begin on", () => {
    const text =
      "# Title\n\n```ts\nconst a = 1;\n```\n\n```json\n{}\n```\n\n- item:\n\n  ```ts\n  // run\n  a();\n  ```\n";
    expect(blocksOf({ path: "README.md", text })).toEqual([
      { path: "README.md", line: 4, code: "const a = 1;\n", runs: false },
      { path: "README.md", line: 14, code: "  // run\n  a();\n", runs: true },
    ]);
  });

  it("finds examples in TSDoc", () => {
    const text =
      "/**\n * Does.\n *\n * @example\n * ```ts\n * does({\n *   a: 1,\n * });\n * ```\n */\nexport function does() {}\n";
    expect(blocksOf({ path: "packages/a/src/a.ts", text })).toEqual([
      { path: "packages/a/src/a.ts", line: 6, code: "does({\n  a: 1,\n});\n", runs: false },
    ]);
  });

  it("leaves blocks of other languages alone", () => {
    expect(blocksOf({ path: "a.md", text: "```tsx\nx\n```\n```sh\nts\n```\n" })).toEqual([]);
  });
});

describe("brokenLinks", () => {
  const exists = (path: string): boolean => ["docs/a.md", "LICENSE"].includes(path);
  const broken = (text: string): string[] => brokenLinks([{ path: "docs/b.md", text }], exists);

  it("follows links relative to their document, with or without an anchor", () => {
    expect(broken("[a](a.md) [a](./a.md#part) [licence](../LICENSE) [here](#part)")).toEqual([]);
  });

  it("names what leads nowhere", () => {
    expect(broken("see [it](missing.md#part)")).toEqual(["docs/b.md: the link to missing.md leads nowhere"]);
  });

  it("takes neither the web nor code for a file", () => {
    expect(broken("[w](https://example.com) [m](mailto:a@b.c) `[x](y.md)` \n```\n[x](z.md)\n```\n")).toEqual(
      [],
    );
  });
});

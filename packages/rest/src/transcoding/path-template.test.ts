import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  comparePathTemplates,
  decodePathValue,
  matchPath,
  parsePathTemplate,
  pathSignature,
} from "./path-template.ts";

/** The decoded values of a template's variables in a path; undefined when it is another path. */
function valuesIn(text: string, path: string): Record<string, string> | undefined {
  const template = parsePathTemplate(text);
  const values = matchPath(template, path);
  if (!values) return undefined;
  return Object.fromEntries(
    Array.from(values, ([name, value]) => [name, decodePathValue(template, name, value)]),
  );
}

describe("a path template", () => {
  it.each<[string, string, Record<string, string> | undefined]>([
    ["/v1/a", "/v1/a", {}],
    ["/v1/a", "/v1/b", undefined],
    ["/v1/a", "/v1/a/", undefined],
    ["/v1/a", "/v1/A", undefined],
    ["/v1/*/b", "/v1/x/b", {}],
    ["/v1/{id}", "/v1/x", { id: "x" }],
    ["/v1/{id}", "/v1/", undefined],
    ["/v1/{id}", "/v1/a/b", undefined],
    ["/v1/{id}", "/v1/a%2Fb%20c", { id: "a/b c" }],
    ["/v1/{id}", "/v1/%E2%82%AC", { id: "€" }],
    ["/v1/{id}", "/v1/a:b", { id: "a:b" }],
    ["/v1/{id}", "/v1/a+b", { id: "a+b" }],
    ["/v1/{a.b.c}", "/v1/x", { "a.b.c": "x" }],
    ["/v1/{a}/x/{b}", "/v1/1/x/2", { a: "1", b: "2" }],
    ["/v1/{name=projects/*/keys/*}", "/v1/projects/p/keys/k", { name: "projects/p/keys/k" }],
    ["/v1/{name=projects/*/keys/*}", "/v1/projects/p%2Fq/keys/k%20l", { name: "projects/p%2Fq/keys/k l" }],
    ["/v1/{name=projects/*}", "/v1/things/p", undefined],
    ["/v1/{name=*}", "/v1/a%2Fb", { name: "a/b" }],
    ["/v1/{rest=**}", "/v1/a/b/c", { rest: "a/b/c" }],
    ["/v1/{rest=**}", "/v1", { rest: "" }],
    ["/v1/{rest=files/**}", "/v1/files/a/b", { rest: "files/a/b" }],
    ["/v1/**", "/v1/a/b", {}],
    ["/v1/execute:stream", "/v1/execute:stream", {}],
    ["/v1/execute:stream", "/v1/execute", undefined],
    ["/v1/execute", "/v1/execute:stream", undefined],
    ["/v1/{id}:undo", "/v1/a:b:undo", { id: "a:b" }],
    ["/v1/{id}:undo", "/v1/:undo", undefined],
    ["/v1/{id}:undo", "/v1/a%3Aundo", undefined],
    ["/v1/{rest=**}:undo", "/v1/a/b:undo", { rest: "a/b" }],
  ])("%s at %s has %j", (template, path, expected) => {
    expect(valuesIn(template, path)).toEqual(expected);
  });

  it.each([
    "",
    "v1",
    "/",
    "//",
    "/v1/",
    "/v1//a",
    "/v1/{id",
    "/v1/id}",
    "/v1/{}",
    "/v1/{1}",
    "/v1/{a}{b}",
    "/v1/{a}b",
    "/v1/{a=}",
    "/v1/{a=**}/b",
    "/v1/**/b",
    "/v1/{a}/{a}",
    "/v1/{a={b}}",
    "/v1/a b",
    "/v1/a?b",
  ])("cannot be %j", (text) => {
    expect(() => parsePathTemplate(text)).toThrow(TypeError);
  });

  it.each(["/v1/%", "/v1/%zz", "/v1/%ff"])("refuses %s, which is not percent-encoded utf-8", (path) => {
    expect(() => valuesIn("/v1/{id}", path)).toThrow("id: expected percent-encoded utf-8 in the path");
  });

  it("orders the most exact first", () => {
    const texts = ["/a/**", "/a/*", "/a/{id}:undo", "/a/b", "/a/{x=**}:undo"];
    const sorted = texts.map(parsePathTemplate).toSorted(comparePathTemplates);
    expect(sorted.map(({ text }) => text)).toEqual([
      "/a/{id}:undo",
      "/a/{x=**}:undo",
      "/a/b",
      "/a/*",
      "/a/**",
    ]);
  });

  it("has the signature of every template for the same paths", () => {
    const signatures = ["/a/{x}/b", "/a/*/b", "/a/{y.z=*}/b"].map((text) =>
      pathSignature(parsePathTemplate(text)),
    );
    expect(new Set(signatures).size).toBe(1);
    expect(signatures).not.toContain(pathSignature(parsePathTemplate("/a/{x=b/*}")));
  });

  const literal = fc.stringMatching(/^[a-z][\w.~-]{0,5}$/);
  const value = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
    .filter((text) => text.isWellFormed());
  const piece = fc.oneof(
    literal.map((text) => ({ template: text, path: text, value: undefined })),
    value.map((text) => ({ template: "{}", path: encodeURIComponent(text), value: text })),
    fc.tuple(literal, value).map(([text, one]) => ({
      template: `{=${text}/*}`,
      path: `${text}/${encodeURIComponent(one)}`,
      value: `${text}/${one.split("/").join("%2F")}`,
    })),
  );

  it("finds again whatever was put into it", () => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.option(literal, { nil: "" }),
        (pieces, verb) => {
          const template = pieces
            .map((each, index) => `/${each.template.replace("{", `{f${index}`)}`)
            .join("");
          const path = pieces.map((each) => `/${each.path}`).join("");
          const suffix = verb === "" ? "" : `:${verb}`;
          const expected = pieces.flatMap((each, index) =>
            each.value === undefined ? [] : [[`f${index}`, each.value]],
          );
          expect(valuesIn(template + suffix, path + suffix)).toEqual(Object.fromEntries(expected));
        },
      ),
      { numRuns: 500 },
    );
  });
});

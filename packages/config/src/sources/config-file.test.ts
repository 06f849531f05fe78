import { describe, expect, it } from "vitest";
import { readConfigFile } from "./config-file.ts";
import type { FileContent } from "./read-file.ts";

/** A file system of `/srv/<name>`. */
function filesOf(files: Readonly<Record<string, string | Uint8Array | Error>>) {
  return async (path: string, maxBytes: number): Promise<FileContent> => {
    const content = path.startsWith("/srv/") ? files[path.slice("/srv/".length)] : undefined;
    if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    if (content instanceof Error) throw content;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return { bytes: bytes.subarray(0, maxBytes), isTruncated: bytes.length > maxBytes, mode: 0o600 };
  };
}

/** Reads `file`, or whatever is found, in `/srv`. */
function read(files: Parameters<typeof filesOf>[0], file?: string) {
  return readConfigFile({ file, directory: "/srv", readFile: filesOf(files) });
}

const tree = { server: { port: 9000 } };

describe("readConfigFile", () => {
  it.each([
    ["llmproxy.yaml", "server:\n  port: 9000\n"],
    ["llmproxy.yml", "server: { port: 9000 }\n"],
    ["llmproxy.json", '{"server": {"port": 9000}}'],
    ["llmproxy.toml", "[server]\nport = 9000\n"],
    ["llmproxy.yaml", "\ufeffserver:\n  port: 9000\n"],
  ])("finds and reads %s", async (name, text) => {
    const { path, layer, violations } = await read({ [name]: text });
    expect({ path, tree: layer?.tree, violations }).toEqual({ path: `/srv/${name}`, tree, violations: [] });
  });

  it("reads nothing where there is nothing", async () => {
    expect(await read({ "other.yaml": "a: 1" })).toEqual({
      path: undefined,
      layer: undefined,
      violations: [],
    });
  });

  it("reads the file it is given, relative to the directory or absolute", async () => {
    const files = { "llmproxy.yaml": "server: {}", "etc/Mine.YAML": "server: { port: 9000 }" };
    expect((await read(files, "etc/Mine.YAML")).layer?.tree).toEqual(tree);
    expect((await read(files, "/srv/etc/Mine.YAML")).layer?.tree).toEqual(tree);
  });

  it("refuses two files, naming both", async () => {
    const { layer, violations } = await read({ "llmproxy.yaml": "", "llmproxy.toml": "" });
    expect(layer).toBeUndefined();
    expect(violations).toEqual([
      {
        path: "/srv/llmproxy.yaml",
        message:
          "is one of several: /srv/llmproxy.yaml and /srv/llmproxy.toml; keep one or name it with --config",
      },
    ]);
  });

  it("takes one of two files when it is named", async () => {
    const { layer, violations } = await read(
      { "llmproxy.yaml": "server: { port: 9000 }", "llmproxy.toml": "" },
      "llmproxy.yaml",
    );
    expect({ tree: layer?.tree, violations }).toEqual({ tree, violations: [] });
  });

  it.each([
    ["a file that is not there", "nothing.yaml", {}, "does not exist, should be a configuration file"],
    [
      "an unknown format",
      "a.ini",
      { "a.ini": "x" },
      "has an unknown format, should end in .yaml, .yml, .json or .toml",
    ],
    ["no format", "a", { a: "x" }, "has an unknown format, should end in .yaml, .yml, .json or .toml"],
    [
      "a list",
      "a.yaml",
      { "a.yaml": "- x" },
      "holds a list or a single value, should hold sections such as server:",
    ],
    [
      "a scalar",
      "a.json",
      { "a.json": "7" },
      "holds a list or a single value, should hold sections such as server:",
    ],
    [
      "what is not UTF-8",
      "a.yaml",
      { "a.yaml": new Uint8Array([0x61, 0x3a, 0x20, 0xff]) },
      "is not text, should be UTF-8",
    ],
    [
      "ten megabytes",
      "a.yaml",
      { "a.yaml": "#".repeat(10_485_760) },
      "is too large, should be at most 1048576 bytes",
    ],
    [
      "what may not be read",
      "a.yaml",
      { "a.yaml": Object.assign(new Error("x"), { code: "EACCES" }) },
      "may not be read by this process",
    ],
    [
      "a directory",
      "a.yaml",
      { "a.yaml": Object.assign(new Error("x"), { code: "EISDIR" }) },
      "is a directory, should be a file",
    ],
  ])("refuses %s", async (_, file, files, message) => {
    expect(await read(files, file)).toEqual({
      path: `/srv/${file}`,
      layer: undefined,
      violations: [{ path: `/srv/${file}`, message }],
    });
  });

  it("says where a file is not valid", async () => {
    const { layer, violations } = await read({ "llmproxy.yaml": "server:\n  port: [1\n" });
    expect(layer).toBeUndefined();
    expect(violations[0]).toMatchObject({ path: "/srv/llmproxy.yaml", line: 3 });
    expect(violations[0]?.message).toMatch(/^is not valid at line 3, column 1: /);
  });

  it("goes on after duplicate and forbidden keys, with the line of each", async () => {
    const { layer, violations } = await read({
      "llmproxy.yaml": "server:\n  port: 1\n  port: 9000\n__proto__:\n  x: 1\n",
    });
    expect(violations).toEqual([
      { path: "server.port", message: "is given twice, should be given once", line: 3 },
      { path: "__proto__", message: "is not allowed as a key, choose another name", line: 4 },
    ]);
    expect(layer?.tree).toEqual(tree);
  });

  it("refuses dates of TOML", async () => {
    const { violations } = await read({ "llmproxy.toml": "[server]\nhost = 2026-01-01\n" });
    expect(violations).toEqual([
      { path: "server.host", message: "is a date or another special value, should be text in quotes" },
    ]);
  });

  it("knows the line of a setting, or of the nearest that holds it", async () => {
    const { layer } = await read({ "llmproxy.yaml": "server:\n  port: 1\n" });
    expect(layer?.lineOf?.(["server", "port"])).toBe(2);
    expect(layer?.lineOf?.(["server", "cors", "origins"])).toBe(1);
    expect(layer?.lineOf?.(["auth"])).toBeUndefined();
  });
});

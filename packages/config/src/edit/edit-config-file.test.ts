import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TemporaryDirectory, temporaryDirectory } from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EditConfigFileOptions, editConfigFile } from "./edit-config-file.ts";

let temporary: TemporaryDirectory;
beforeEach(async () => {
  temporary = await temporaryDirectory();
});
afterEach(() => temporary.remove());

const at = (name: string) => join(temporary.path, name);
const write = (name: string, text: string) => writeFile(at(name), text, { mode: 0o640 });
const read = (name: string) => readFile(at(name), "utf8");
const edit = (path: string, value: unknown, rest: Partial<EditConfigFileOptions> = {}) =>
  editConfigFile({ directory: temporary.path, environment: {}, path, value, ...rest });

describe("editConfigFile", () => {
  it("makes a file that only its owner may read", async () => {
    const { file, isNew, loaded } = await edit("server.port", 9000);
    expect({ file, isNew }).toEqual({ file: at("llmproxy.yaml"), isNew: true });
    expect(loaded.config.server.port).toBe(9000);
    expect(await read("llmproxy.yaml")).toBe("server:\n  port: 9000\n");
    expect((await stat(at("llmproxy.yaml"))).mode & 0o777).toBe(0o600);
  });

  it("changes the file that is there, keeps its mode and leaves nothing beside it", async () => {
    await write("llmproxy.json", '{ "server": { "port": 1 } }');
    await chmod(at("llmproxy.json"), 0o640);
    const { file, isNew } = await edit("server.port", 2);
    expect({ file, isNew }).toEqual({ file: at("llmproxy.json"), isNew: false });
    expect(await read("llmproxy.json")).toContain('"port": 2');
    expect((await stat(at("llmproxy.json"))).mode & 0o777).toBe(0o640);
    expect(await readdir(temporary.path)).toEqual(["llmproxy.json"]);
  });

  it("changes the file that is named, and makes it where it is missing", async () => {
    await edit("server.port", 2, { file: "other.toml" });
    expect(await read("other.toml")).toContain("port = 2");
  });

  it("writes through a symbolic link and leaves it one", async () => {
    await mkdir(at("real"));
    await write("real/conf.yaml", "server: { port: 1 }\n");
    await symlink("real/conf.yaml", at("llmproxy.yaml"));
    await edit("server.port", 2);
    expect(await read("real/conf.yaml")).toBe("server: { port: 2 }\n");
    expect(
      (await readdir(temporary.path, { withFileTypes: true })).find((each) => each.isSymbolicLink())?.name,
    ).toBe("llmproxy.yaml");
    expect(await readdir(at("real"))).toEqual(["conf.yaml"]);
  });

  it("does not touch a file that stays as it is", async () => {
    await write("llmproxy.yaml", "server: { port: 1 }\n");
    const before = await stat(at("llmproxy.yaml"));
    await edit("server.port", 1);
    expect((await stat(at("llmproxy.yaml"))).ino).toBe(before.ino);
  });

  it.each<[string, unknown, string]>([
    ["server.prot", 1, "server.prot: is not a known key, did you mean port?"],
    ["server.port", "http", 'server.port: is "http", should be a whole number'],
    ["models", [{ name: "a", targets: [{ provider: "x", model: "m" }] }], "which is no configured provider"],
    ["redis.url", "redis://x", "redis.url: not supported by this version"],
    ["providers[0].name", "a", "providers[0]: does not exist"],
    ["server..port", 1, "server..port: is not a path"],
    ["server.port", new Date(0), "server.port: is a date"],
  ])("refuses %s = %j and writes nothing", async (path, value, expected) => {
    await write("llmproxy.yaml", "# ours\n");
    await expect(edit(path, value)).rejects.toThrow(expected);
    expect(await read("llmproxy.yaml")).toBe("# ours\n");
    expect(await readdir(temporary.path)).toEqual(["llmproxy.yaml"]);
  });

  it("checks the whole configuration, with the environment and secrets beside the file", async () => {
    await write("token", "a-management-token");
    await chmod(at("token"), 0o600);
    const { loaded } = await edit("auth.management_token_file", "token", {
      environment: { LLMPROXY_SERVER__PORT: "1" },
    });
    expect(loaded.config.auth.managementToken?.reveal()).toBe("a-management-token");
    expect(loaded.sources.get("server.port")).toBe("environment");
  });

  it("tells where a value comes from that something else decides", async () => {
    const { loaded } = await edit("server.port", 9000, { environment: { LLMPROXY_SERVER__PORT: "1" } });
    expect(loaded.config.server.port).toBe(1);
    expect(loaded.sources.get("server.port")).toBe("environment");
  });

  it("refuses to choose between several files, and formats it does not know", async () => {
    await expect(edit("server.port", 1, { file: "conf.ini" })).rejects.toThrow("has an unknown format");
    await write("llmproxy.yaml", "");
    await write("llmproxy.json", "{}");
    await expect(edit("server.port", 1)).rejects.toThrow("is one of several");
  });

  it("takes a setting out, whatever else decides it, and tells when there is nothing to take out", async () => {
    const environment = { LLMPROXY_SERVER__PORT: "1" };
    expect(await edit("server.port", undefined)).toMatchObject({ isChanged: false, isNew: false });
    expect(await readdir(temporary.path)).toEqual([]);
    await write("llmproxy.yaml", "# ours\nserver:\n  port: 2\n");
    expect(await edit("server.host", undefined, { environment })).toMatchObject({ isChanged: false });
    expect(await edit("server.port", undefined, { environment })).toMatchObject({ isChanged: true });
    expect(await read("llmproxy.yaml")).toBe("# ours\n");
  });

  it("does not write over what somebody else has written meanwhile", async () => {
    let reads = 0;
    const readOther: EditConfigFileOptions["readFile"] = async () => {
      reads += 1;
      return { bytes: Buffer.from(`server: { port: ${reads} }\n`), isTruncated: false, mode: 0o600 };
    };
    await expect(edit("server.port", 9, { file: "llmproxy.yaml", readFile: readOther })).rejects.toThrow(
      "llmproxy.yaml: has changed meanwhile",
    );
    expect(await readdir(temporary.path)).toEqual([]);
  });

  it("says that a file cannot be written", async () => {
    await expect(edit("server.port", 1, { file: "missing/llmproxy.yaml" })).rejects.toThrow(
      "llmproxy.yaml: cannot be written (ENOENT)",
    );
  });
});

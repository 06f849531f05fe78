import type { JsonValue } from "@llmproxy/spec";
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  jsonValue,
  oneof,
  string,
  tuple,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { initialConfigText } from "../initial-config.ts";
import { formatPath } from "../path.ts";
import type { ConfigFormat } from "../sources/config-file.ts";
import { parseYaml } from "../sources/parse-yaml.ts";
import { isMap } from "../tree.ts";
import { ConfigError } from "../violation.ts";
import { editConfigText } from "./edit-config-text.ts";

const edit = (text: string, path: string, value: JsonValue, format: ConfigFormat = ".yaml") =>
  editConfigText(text, { format, path, value });

/** The message of the ConfigError an edit is refused with. */
async function refusal(work: Promise<string>): Promise<string> {
  const outcome = await work.catch((error: unknown) => error);
  if (!(outcome instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(outcome)}`);
  return outcome.message;
}

const yaml = `# What we run.
server:    { host: 127.0.0.1,  port: 8080 }   # one line

auth:
    enabled:   true # indented by four
    max_stale: "10m"

providers:
  - name: a     # the first
    kind: echo
  - { name: b, kind: openai, headers: {} }
telemetry:
# the end
`;

describe("editConfigText of YAML", () => {
  it.each<[string, string, JsonValue, string, string]>([
    ["replaces a value", "server.port", 9000, "port: 8080 }   # one", "port: 9000 }   # one"],
    ["replaces a value that is quoted", "auth.max_stale", "5m", 'max_stale: "10m"', "max_stale: 5m"],
    ["quotes what would mean something else", "auth.max_stale", "5, }", '"10m"', '"5, }"'],
    ["replaces a value in an entry of a list", "providers[0].name", "c", "name: a     #", "name: c     #"],
    ["replaces a value by a list", "auth.enabled", ["x", 1], "true # ind", "[ x, 1 ] # ind"],
    ["adds a key to a map on one line", "server.workers", 1, "8080 }", "8080, workers: 1 }"],
    [
      "adds a map to a map on one line",
      "server.cors.max_age",
      "1h",
      "8080 }",
      "8080, cors: { max_age: 1h } }",
    ],
    [
      "adds a key below the others, indented as they are",
      "auth.management_token_env",
      "TOKEN",
      '"10m"\n',
      '"10m"\n    management_token_env: TOKEN\n',
    ],
    [
      "adds a section of a section",
      "auth.issuer.ttl",
      "5m",
      '"10m"\n',
      '"10m"\n    issuer:\n      ttl: 5m\n',
    ],
    [
      "adds a key to an entry of a list",
      "providers[0].delay_ms",
      5,
      "kind: echo\n",
      "kind: echo\n    delay_ms: 5\n",
    ],
    ["sets to null", "server.port", null, "port: 8080", "port: null"],
  ])("%s and leaves the rest as it is", async (_, path, value, before, after) => {
    expect(yaml).toContain(before);
    expect(await edit(yaml, path, value)).toBe(yaml.replace(before, after));
  });

  it("fills a section without value above the comments in it", async () => {
    const text = "a: 1\ntelemetry: # soon\n#  log:\n\nserver:\n";
    expect(await edit(text, "telemetry.log.level", "debug")).toBe(
      "a: 1\ntelemetry: # soon\n  log:\n    level: debug\n#  log:\n\nserver:\n",
    );
    expect(await edit(text, "server.port", 1)).toBe(`${text}  port: 1\n`);
    expect(await edit("server:\n  port: # ours\n  host: a\n", "server.port", 1)).toBe(
      "server:\n  port: 1 # ours\n  host: a\n",
    );
    expect(await edit("server: ~ # ours\n", "server.port", 1)).toBe("server:\n  port: 1\n  # ours\n");
  });

  it("changes nothing where nothing changes", async () => {
    expect(await edit(yaml, "server.port", 8080)).toBe(yaml);
  });

  it("merges a map key by key", async () => {
    expect(await edit(yaml, "server", { port: 1, drain_delay: "1s" })).toBe(
      yaml.replace("port: 8080 }", "port: 1, drain_delay: 1s }"),
    );
  });

  it.each<[string, string, JsonValue]>([
    ["a section without value", "telemetry.log.level", "debug"],
    ["a new section at the end", "store.url", "sqlite:x.db"],
    ["a map that is empty", 'providers[1].headers["X-A"]', "b"],
    ["a list in blocks", "providers", [{ name: "c", kind: "echo" }]],
  ])("keeps comments where it changes %s", async (_, path, value) => {
    const text = await edit(yaml, path, value);
    for (const comment of ["# What we run.", "# one line", "# indented by four", "# the end"])
      expect(text).toContain(comment);
  });

  it("makes a file of nothing", async () => {
    expect(await edit("", "server.port", 9000)).toBe("server:\n  port: 9000\n");
    expect(await edit("", "default_model", "a: b")).toBe('default_model: "a: b"\n');
  });

  it("adds to the file of a new installation below its comments", async () => {
    const once = await edit(initialConfigText(), "server.port", 9000);
    expect(once).toBe(`${initialConfigText()}server:\n  port: 9000\n`);
    expect(await edit(once, "server.host", "::1")).toBe(`${once}  host: ::1\n`);
  });

  it("keeps line ends of other systems readable", async () => {
    const text = await edit("server:\r\n  port: 1\r\n", "server.host", "::");
    expect(parseYaml(text).value).toEqual({ server: { port: 1, host: "::" } });
  });

  it("refuses to change what an alias gives, and what cannot be read", async () => {
    const aliased = "server: &s { port: 1, host: a }\nfeatures: *s\n";
    expect(await refusal(edit(aliased, "features.port", 2))).toContain("features.port: is written in a way");
    expect(await refusal(edit("a: [hunter2\n", "server.port", 1))).toMatch(/^file: is not valid at line/);
    expect(await refusal(edit("- hunter2\n", "server.port", 1))).toMatch(/^file: holds a list or a single/);
  });

  it("refuses an entry that is not in the file", async () => {
    expect(await refusal(edit(yaml, "providers[2].name", "c"))).toBe(
      "providers[2]: does not exist, providers has 2 entries in the file",
    );
    expect(await refusal(edit("", "providers[0].name", "c"))).toContain("has 0 entries in the file");
  });

  it("means afterwards what was asked for, whatever the value", async () => {
    const key = constantFrom("a", "b", "server", "x y", "1", "-");
    const texts = constantFrom(
      yaml,
      "",
      "a: 1",
      "a:\n  b:\n  - 1\n",
      "{ a: { b: [1, 2] } }",
      "# only\n",
      "a: |\n  b\n  c\n",
    );
    const scalar = oneof(
      string({ unit: "grapheme" }),
      integer(),
      constantFrom(true, null, "~", "#x", "a: b", "\n"),
    );
    const value = oneof(scalar, array(scalar, { maxLength: 3 }), jsonValue({ maxDepth: 2 }));
    await assert(
      asyncProperty(texts, tuple(key, key), value, async (text, path, given) => {
        const wanted: JsonValue = JSON.parse(JSON.stringify(given));
        if (isMap(wanted) || JSON.stringify(wanted).includes("__proto__")) return;
        const edited = await editConfigText(text, {
          format: ".yaml",
          path: formatPath(path),
          value: wanted,
        });
        const result = parseYaml(edited).value;
        const [first, second] = path;
        expect(isMap(result) && isMap(result[first]) && result[first][second]).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });
});

describe("editConfigText that takes a setting out", () => {
  const takeOut = (text: string, path: string, format: ConfigFormat = ".yaml") =>
    editConfigText(text, { format, path });

  it.each<[string, string, string, string]>([
    ["its lines", "auth.enabled", "    enabled:   true # indented by four\n", ""],
    ["a section", "auth", /auth:[\s\S]*"10m"\n/.exec(yaml)?.[0] ?? "", ""],
    ["a section without value", "telemetry", "telemetry:\n", ""],
    ["what is on one line", "server", /server: .*\n/.exec(yaml)?.[0] ?? "", ""],
    ["a key of an entry", "providers[0].kind", "    kind: echo\n", ""],
  ])("takes %s out of YAML and leaves the rest as it is", async (_, path, before, after) => {
    expect(yaml).toContain(before);
    expect(await takeOut(yaml, path)).toBe(yaml.replace(before, after));
  });

  it("takes the sections with it that it leaves empty, and keeps comments", async () => {
    const text = "# ours\ntelemetry:\n  log:\n    level: debug # loud\n# server\nserver:\n  port: 1\n";
    expect(await takeOut(text, "telemetry.log.level")).toBe("# ours\n# server\nserver:\n  port: 1\n");
    expect(await takeOut("# ours\nserver:\n  port: 1", "server.port")).toBe("# ours\n");
  });

  it("takes a key out of a map on one line, and the first one of an entry", async () => {
    const one = await takeOut(yaml, "server.port");
    expect(parseYaml(one).value).toMatchObject({ server: { host: "127.0.0.1" } });
    expect(one).not.toContain("8080");
    expect(one).toContain("# one line");
    const entry = await takeOut("providers:\n  - name: a\n    kind: echo # ours\n", "providers[0].name");
    expect(entry).toBe("providers:\n  - kind: echo # ours\n");
    expect(parseYaml(await takeOut(yaml, "providers[0]")).value).toMatchObject({
      providers: [{ name: "b" }],
    });
  });

  it("takes a secret out in whichever spelling it is given", async () => {
    const text = "providers:\n  - name: a\n    api_key_env: KEY\n";
    expect(await takeOut(text, "providers[0].api_key")).toBe("providers:\n  - name: a\n");
  });

  it("leaves a text alone that has no such setting", async () => {
    for (const path of ["server.cors.origins", "providers[2].name", "store"])
      expect(await takeOut(yaml, path)).toBe(yaml);
    expect(await takeOut("", "server")).toBe("");
  });

  it("refuses to take out what an alias needs or gives", async () => {
    const aliased = "server: &s { port: 1, host: a }\nfeatures: *s\n";
    for (const path of ["server", "features.port"])
      expect(await refusal(takeOut(aliased, path))).toContain(`${path}: is written in a way`);
  });

  it("takes it out of JSON, and of TOML without comments", async () => {
    expect(await takeOut('{"server":{"port":1},"auth":{}}', "server.port", ".json")).toBe(
      '{\n  "auth": {}\n}\n',
    );
    expect(await takeOut('[server]\nport = 1\nhost = "a"\n', "server.port", ".toml")).toBe(
      '[server]\nhost = "a"\n',
    );
    expect(await refusal(takeOut("# ours\n[server]\nport = 1\n", "server.port", ".toml"))).toContain(
      "server.port: is in a file with comments",
    );
  });
});

describe("editConfigText of JSON", () => {
  it("writes two spaces and keeps the order", async () => {
    expect(await edit('{"server":{"port":1},"auth":{}}', "server.host", "::", ".json")).toBe(
      '{\n  "server": {\n    "port": 1,\n    "host": "::"\n  },\n  "auth": {}\n}\n',
    );
    expect(await edit("", "server.port", 1, ".json")).toBe('{\n  "server": {\n    "port": 1\n  }\n}\n');
  });

  it("refuses what is no JSON", async () => {
    expect(await refusal(edit("{'a': 1}", "server.port", 1, ".json"))).toContain(
      "is not valid JSON at line 1",
    );
  });
});

describe("editConfigText of TOML", () => {
  it("writes a text without comments anew", async () => {
    const text = await edit('[server]\nhost = "a#b"\n', "server.port", 9000, ".toml");
    expect(text).toContain("port = 9000");
    expect(text).toContain('host = "a#b"');
  });

  it("leaves a text with comments alone and shows the lines to write", async () => {
    expect(await refusal(edit("# ours\n[server]\nport = 1\n", "server.cors.max_age", "1h", ".toml"))).toBe(
      'server.cors.max_age: is in a file with comments, which would be lost, should be written by hand:\n[server.cors]\nmax_age = "1h"',
    );
    const providers = '# ours\n[[providers]]\nname = "a"\nkind = "openai"\n';
    expect(await refusal(edit(providers, "providers[0].api_key", "hunter2", ".toml"))).toBe(
      'providers[0].api_key: is in a file with comments, which would be lost, should be written by hand:\nin providers[0]:\napi_key = "[secret]"',
    );
  });

  it("refuses null, which TOML does not have", async () => {
    expect(await refusal(edit("", "server.port", null, ".toml"))).toContain("cannot be null in TOML");
  });
});

import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import {
  createFakeClock,
  createMemoryLogger,
  type FakeClock,
  type MemoryLogger,
  temporaryDirectory,
  until,
} from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ReadFile, readSystemFile } from "../sources/read-file.ts";
import { ConfigError } from "../violation.ts";
import type { PreparedChange } from "./appliers.ts";
import type { LiveConfig, WatchConfigOptions } from "./live-config.ts";
import { watchConfig } from "./watch-config.ts";

let directory: string;
let clock: FakeClock;
let logger: MemoryLogger;
let looks: number;
let cleanUp: (() => Promise<void>)[];

beforeEach(async () => {
  const temporary = await temporaryDirectory();
  directory = temporary.path;
  clock = createFakeClock();
  logger = createMemoryLogger();
  looks = 0;
  cleanUp = [temporary.remove];
});
afterEach(async () => {
  for (const end of cleanUp.reverse()) await end();
});

/** Writes a file into the directory, readable by its owner only. */
const write = (text: string, name = "llmproxy.yaml") =>
  writeFile(join(directory, name), text, { mode: 0o600 });

async function watch(options: Partial<WatchConfigOptions> = {}): Promise<LiveConfig> {
  const readFile: ReadFile = (path, maxBytes) => {
    if (path.endsWith("llmproxy.yaml")) looks += 1;
    return readSystemFile(path, maxBytes);
  };
  const live = await watchConfig({ directory, environment: {}, clock, logger, readFile, ...options });
  cleanUp.push(() => live.close());
  return live;
}

/** Lets time pass until something is so. */
const eventually = (isSo: () => boolean) =>
  until(async () => {
    await clock.advance(1_100);
    return isSo();
  });

/** Lets the files be looked at several times. */
async function lookAround(): Promise<void> {
  const before = looks;
  await eventually(() => looks > before + 3);
}

const level = (live: LiveConfig) => live.current().telemetry.log.level;
const logLevel = (word: string) => `telemetry: { log: { level: ${word} } }\n`;
const messages = () => logger.entries.map(({ level: severity, message }) => `${severity} ${message}`);

/** The message of the ConfigError that something is refused with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const reason = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(reason instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${inspect(reason)}`);
  return reason.message;
}

describe("watchConfig", () => {
  it("loads what loadConfig loads", async () => {
    await write(logLevel("debug"));
    const live = await watch({ flags: { server: { port: 1 } } });
    expect(level(live)).toBe("debug");
    expect(live.loaded()).toMatchObject({ file: join(directory, "llmproxy.yaml") });
    expect(live.loaded().sources.get("server.port")).toBe("flag");
    expect({ pending: live.pending(), refused: live.refused() }).toEqual({ pending: [], refused: undefined });
  });

  it("refuses what loadConfig refuses, and leaves no timer", async () => {
    await write("server: { prot: 1 }\n");
    expect(await refusal(watch())).toContain("server.prot: is not a known key");
    expect(clock.pending).toBe(0);
  });

  it("leaves no timer when it is closed, twice", async () => {
    const live = await watch();
    expect(clock.pending).toBe(1);
    await live.close();
    await live.close();
    expect(clock.pending).toBe(0);
    await expect(live.reload()).rejects.toThrow();
  });
});

describe("watchConfig sees", () => {
  it("an edit in place", async () => {
    await write(logLevel("info"));
    const live = await watch();
    await write(logLevel("debug"));
    await eventually(() => level(live) === "debug");
    expect(messages()).toEqual(["info configuration applied"]);
    expect(logger.entries[0]?.fields).toEqual({ changed: ["telemetry.log.level"] });
  });

  it("a file renamed over another", async () => {
    await write(logLevel("info"));
    const live = await watch();
    await write(logLevel("warn"), "new");
    await rename(join(directory, "new"), join(directory, "llmproxy.yaml"));
    await eventually(() => level(live) === "warn");
  });

  it("a file that appears where there was none", async () => {
    const live = await watch();
    expect(live.loaded().file).toBeUndefined();
    await write(logLevel("error"));
    await eventually(() => level(live) === "error");
    expect(live.loaded().file).toBe(join(directory, "llmproxy.yaml"));
  });

  it("secrets and a file behind a symbolic link that is swapped, as Kubernetes does it", async () => {
    const mount = async (name: string, word: string, key: string) => {
      await mkdir(join(directory, name));
      await write(
        `${logLevel(word)}providers: [{ name: a, kind: openai, api_key_file: key }]\n`,
        `${name}/conf.yaml`,
      );
      await write(key, `${name}/key`);
    };
    await mount("..1", "info", "first");
    await symlink("..1", join(directory, "..data"));
    for (const name of ["conf.yaml", "key"]) await symlink(`..data/${name}`, join(directory, name));
    const live = await watch({ file: "conf.yaml" });
    const key = () => {
      const [provider] = live.current().providers;
      return provider?.kind === "openai" ? provider.apiKey?.reveal() : undefined;
    };
    expect(key()).toBe("first");

    await mount("..2", "debug", "second");
    await symlink("..2", join(directory, "..next"));
    await rename(join(directory, "..next"), join(directory, "..data"));
    await eventually(() => key() === "second");
    expect(level(live)).toBe("debug");

    await write("third", "..2/key");
    await eventually(() => key() === "third");
    expect(logger.entries.at(-1)?.fields).toEqual({ changed: ["providers[0].api_key"] });
    expect(logger.text()).not.toMatch(/first|second|third/);
  });

  it("that a file was touched or written anew with the same content: nothing", async () => {
    await write(logLevel("debug"));
    const live = await watch();
    live.onChange(() => {
      throw new Error("must not be asked");
    });
    await write(logLevel("debug"));
    await lookAround();
    await write(`# a comment\n${logLevel("debug")}server: { drain_delay: 0s }\n`);
    await lookAround();
    expect(logger.entries).toEqual([]);
    expect(live.loaded().sources.get("server.drain_delay")).toBe("file");
  });

  it("a file only once it stands still: what is caught half-written is read when it is whole", async () => {
    await write(logLevel("debug"));
    const whole = new TextEncoder().encode(`${logLevel("error")}default_model: echo\n`);
    const live = await watch({
      readFile: async (path) => {
        if (!path.endsWith(".yaml")) throw Object.assign(new Error("none"), { code: "ENOENT" });
        looks += 1;
        // Each look sees a little more, and each beginning is a valid file.
        const end = looks === 1 ? 0 : Math.min(whole.length, 36 + looks);
        return { bytes: whole.subarray(0, end), isTruncated: false, mode: 0o600 };
      },
    });
    const seen: unknown[] = [];
    live.onChange(({ next }) => {
      seen.push([next.telemetry.log.level, next.defaultModel]);
      return undefined;
    });
    await eventually(() => live.current().defaultModel !== undefined);
    expect(seen).toEqual([["error", "echo"]]);
    expect(live.refused()).toBeUndefined();
  });
});

describe("watchConfig keeps the last good configuration", () => {
  it("while a file is wrong, says so once with everything, and goes on when it is good again", async () => {
    await write(logLevel("debug"));
    const live = await watch();
    await write("server: { prot: 1 }\ntelemetry: { log: { level: loud } }\n");
    await eventually(() => live.refused() !== undefined);
    await lookAround();
    expect(level(live)).toBe("debug");
    expect(live.refused()?.violations.map(({ path, line }) => [path, line])).toEqual([
      ["server.prot", 1],
      ["telemetry.log.level", 2],
    ]);
    expect(messages()).toEqual(["error configuration refused, the last good one stays"]);
    expect(logger.entries[0]?.fields.violations).toEqual(live.refused()?.violations);

    await write("server: [\n");
    await eventually(() => logger.entries.length === 2);
    await write(logLevel("warn"));
    await eventually(() => level(live) === "warn");
    expect(live.refused()).toBeUndefined();
  });

  it("when the file it came from is gone", async () => {
    await write(logLevel("debug"));
    const live = await watch();
    await rm(join(directory, "llmproxy.yaml"));
    expect(await live.reload()).toMatchObject({
      outcome: "refused",
      violations: [{ path: join(directory, "llmproxy.yaml"), message: expect.stringContaining("is gone") }],
    });
    expect(level(live)).toBe("debug");
  });

  it("when a secret can no longer be read", async () => {
    await write("auth: { management_token_file: token }\n");
    await write("a-management-token", "token");
    const live = await watch();
    await rm(join(directory, "token"));
    await eventually(() => live.refused() !== undefined);
    expect(live.current().auth.managementToken?.reveal()).toBe("a-management-token");
    await write("another-management-token", "token");
    await eventually(() => live.refused() === undefined);
    expect(live.current().auth.managementToken?.reveal()).toBe("another-management-token");
  });

  it("and says what happened to whoever asks for a look", async () => {
    await write(logLevel("info"));
    const live = await watch();
    const before = live.current();
    expect(await live.reload()).toEqual({ outcome: "unchanged" });
    expect(live.current()).toBe(before);
    await write(logLevel("debug"));
    expect(await live.reload()).toEqual({
      outcome: "applied",
      changed: ["telemetry.log.level"],
      pending: [],
    });
    await write(logLevel("loud"));
    expect(await live.reload()).toMatchObject({ outcome: "refused" });
    expect(await live.reload()).toMatchObject({ outcome: "refused" });
    expect(messages().filter((line) => line.startsWith("error"))).toHaveLength(1);
  });
});

describe("watchConfig with settings that need a restart", () => {
  it("applies the rest and lists them until they are as they were", async () => {
    await write(`server: { port: 1000 }\n${logLevel("info")}`);
    const live = await watch();
    await write(`server: { port: 2000 }\nstore: { url: "sqlite:other.db" }\n${logLevel("debug")}`);
    const pending = [
      { path: "server.port", current: 1000, next: 2000 },
      { path: "store.url", current: "sqlite:llmproxy.db", next: "sqlite:other.db" },
    ];
    expect(await live.reload()).toEqual({ outcome: "applied", changed: ["telemetry.log.level"], pending });
    expect(live.current().server.port).toBe(1000);
    expect(live.current().store.file).toBe("llmproxy.db");
    expect(level(live)).toBe("debug");
    expect(live.pending()).toEqual(pending);
    expect(live.settings().filter((setting) => setting.pending !== undefined)).toEqual([
      { path: "server.port", value: 1000, source: "file", mark: "restart", pending: 2000 },
      {
        path: "store.url",
        value: "sqlite:llmproxy.db",
        source: "default",
        mark: "restart",
        pending: "sqlite:other.db",
      },
    ]);
    expect(logger.entries.at(-1)).toMatchObject({
      level: "warn",
      message: "configuration waits for a restart",
      fields: { settings: ["server.port", "store.url"] },
    });

    await write(`server: { port: 1000 }\n${logLevel("debug")}`);
    expect(await live.reload()).toEqual({ outcome: "unchanged" });
    expect(live.pending()).toEqual([]);
  });

  it("says so once", async () => {
    await write("server: { port: 1000 }\n");
    const live = await watch();
    await write("server: { port: 2000 }\n");
    expect(await live.reload()).toMatchObject({ outcome: "pending" });
    expect(await live.reload()).toEqual({ outcome: "unchanged" });
    expect(messages()).toEqual(["warn configuration waits for a restart"]);
  });
});

describe("LiveConfig.onChange", () => {
  it("asks everybody before anything is in effect, and then tells all at once", async () => {
    await write(logLevel("info"));
    const live = await watch();
    const steps: string[] = [];
    const applier = (name: string) => async (): Promise<PreparedChange> => {
      await Promise.resolve();
      steps.push(`${name} prepares, in effect is ${level(live)}`);
      return { commit: () => void steps.push(`${name} commits, in effect is ${level(live)}`) };
    };
    live.onChange(applier("a"));
    const remove = live.onChange(applier("b"));
    await write(logLevel("debug"));
    await live.reload();
    expect(steps).toEqual([
      "a prepares, in effect is info",
      "b prepares, in effect is info",
      "a commits, in effect is debug",
      "b commits, in effect is debug",
    ]);
    remove();
    await write(logLevel("warn"));
    await live.reload();
    expect(steps.slice(4)).toEqual(["a prepares, in effect is debug", "a commits, in effect is warn"]);
  });

  it("lets one refuse: the others throw away what they have ready, and it is tried again when asked", async () => {
    await write(logLevel("info"));
    const live = await watch();
    const steps: string[] = [];
    live.onChange(() => ({ commit: () => steps.push("commit"), discard: () => steps.push("discard") }));
    const remove = live.onChange(() => {
      throw new Error("hunter2 is the password");
    });
    await write(logLevel("debug"));
    expect(await live.reload()).toEqual({
      outcome: "refused",
      violations: [{ path: "configuration", message: expect.stringMatching(/^cannot be applied: /) }],
    });
    expect({ steps, level: level(live) }).toEqual({ steps: ["discard"], level: "info" });
    expect(inspect(live.refused())).not.toContain("hunter2");
    remove();
    expect(await live.reload()).toMatchObject({ outcome: "applied" });
    expect({ steps, level: level(live), refused: live.refused() }).toEqual({
      steps: ["discard", "commit"],
      level: "debug",
      refused: undefined,
    });
  });

  it("goes on when one breaks its promise not to fail at the end", async () => {
    const live = await watch();
    let committed = false;
    live.onChange(() => ({
      commit() {
        throw new Error("broken");
      },
    }));
    live.onChange(() => ({ commit: () => (committed = true) }));
    expect(await live.set("telemetry.log.level", "debug")).toMatchObject({ outcome: "applied" });
    expect({ committed, level: level(live) }).toEqual({ committed: true, level: "debug" });
    expect(messages()).toContain("error a part of the server failed to follow a change of the configuration");
  });

  it("makes one change at a time", async () => {
    const live = await watch();
    let running = 0;
    let most = 0;
    live.onChange(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return undefined;
    });
    await Promise.all([
      live.set("telemetry.log.level", "debug"),
      live.set("telemetry.log.level", "warn"),
      live.set("server.drain_delay", "1s"),
    ]);
    expect(most).toBe(1);
    expect(live.current()).toMatchObject({
      server: { drainDelayMs: 1_000 },
      telemetry: { log: { level: "warn" } },
    });
  });

  it("does not wait for ever: who takes too long has refused, and what comes late is thrown away", async () => {
    const live = await watch();
    const late = Promise.withResolvers<PreparedChange>();
    const steps: string[] = [];
    live.onChange(() => late.promise);
    let message = "";
    const setting = refusal(live.set("telemetry.log.level", "debug")).then((given) => {
      message = given;
    });
    await eventually(() => message !== "");
    await setting;
    expect(message).toContain("cannot be applied: a part of the server took too long");
    late.resolve({ commit: () => steps.push("commit"), discard: () => steps.push("discard") });
    await until(() => steps.length > 0);
    expect({ steps, level: level(live) }).toEqual({ steps: ["discard"], level: "info" });
  });

  it("ends a change that is being prepared when it is closed", async () => {
    const live = await watch();
    live.onChange(
      ({ signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true })),
    );
    const setting = live.set("telemetry.log.level", "debug");
    const outcome = expect(setting).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    await live.close();
    await outcome;
    expect(level(live)).toBe("info");
  });
});

describe("LiveConfig.set", () => {
  it("wins over everything, survives changes of the file and can be taken back", async () => {
    await write(logLevel("warn"));
    const live = await watch({ flags: { telemetry: { log: { level: "error" } } } });
    expect(await live.set("telemetry.log.level", "debug")).toMatchObject({
      outcome: "applied",
      changed: ["telemetry.log.level"],
    });
    await write(`${logLevel("info")}default_model: echo\n`);
    await live.reload();
    expect(level(live)).toBe("debug");
    expect(live.current().defaultModel).toBe("echo");
    expect(live.loaded().sources.get("telemetry.log.level")).toBe("override");
    expect(live.overrides()).toEqual([{ path: "telemetry.log.level", value: "debug" }]);
    await live.unset("telemetry");
    expect(level(live)).toBe("error");
    expect(live.overrides()).toEqual([]);
  });

  it("changes an entry of a list and leaves the others alone, also of a list that is there by default", async () => {
    const live = await watch();
    await live.set("providers[0].delay_ms", 5);
    expect(live.current().providers).toMatchObject([{ name: "echo", delayMs: 5, chunkDelayMs: 0 }]);
    const { sources } = live.loaded();
    expect([sources.get("providers[0].delay_ms"), sources.get("providers[0].tokens")]).toEqual([
      "override",
      "default",
    ]);
    await write("providers: [{ name: a, kind: echo, chunk_delay_ms: 1 }, { name: b, kind: echo }]\n");
    await live.reload();
    expect(live.current().providers).toMatchObject([
      { name: "a", delayMs: 5, chunkDelayMs: 1 },
      { name: "b", delayMs: 0 },
    ]);
  });

  it("merges maps key by key", async () => {
    await write("server: { drain_delay: 1s, drain_timeout: 2s }\n");
    const live = await watch();
    await live.set("server", { drain_delay: "3s", cors: { max_age: "1h" } });
    expect(live.current().server).toMatchObject({
      drainDelayMs: 3_000,
      drainTimeoutMs: 2_000,
      cors: { maxAgeMs: 3_600_000 },
    });
  });

  it("takes null for not set", async () => {
    await write("default_model: echo\n");
    const live = await watch();
    await live.set("default_model", null);
    expect(live.current().defaultModel).toBeUndefined();
  });

  it("never shows a secret, and replaces it in whichever spelling", async () => {
    await write("auth: { management_token_file: token }\n");
    await write("hunter2-in-a-file", "token");
    const live = await watch();
    await live.set("auth.management_token", "hunter2-overridden");
    expect(live.current().auth.managementToken?.reveal()).toBe("hunter2-overridden");
    await live.set("providers", [
      { name: "a", kind: "openai", api_key: "hunter2", headers: { "X-A": "hunter2" } },
    ]);
    const shown = [live.overrides(), live.settings(), live.loaded(), live.loaded().redacted()];
    expect(inspect(shown, { depth: 20 })).not.toContain("hunter2");
    expect(live.overrides()).toContainEqual({ path: "auth.management_token", value: "[secret]" });
    expect(logger.text()).not.toContain("hunter2");
  });

  it("watches a file that an override names", async () => {
    const live = await watch();
    await write("a-management-token", "token");
    await live.set("auth.management_token_file", "token");
    await write("another-management-token", "token");
    await eventually(() => live.current().auth.managementToken?.reveal() === "another-management-token");
  });

  it.each<[string, unknown, string]>([
    ["telemetry.log.level", "loud", 'telemetry.log.level: is "loud", should be debug, info'],
    ["telemetry.log.levle", "debug", "telemetry.log.levle: is not a known key, did you mean level?"],
    ["telemetrie.log.level", "debug", "telemetrie: is not a known key, did you mean telemetry?"],
    ["providers[3].delay_ms", 1, "providers[3]: does not exist, providers has 1 entry"],
    ["models[0].name", "a", "models[0]: does not exist, models has 0 entries"],
    [
      "server.port",
      9000,
      "server.port: needs a restart and cannot be overridden, should be written as server.port to",
    ],
    ["server", { port: 9000, drain_delay: "1s" }, "server.port: needs a restart"],
    ["redis.url", "redis://x", "redis.url: needs a restart"],
    ["tls.mode", "off", "tls.mode: needs a restart"],
    ["", 1, "path: is not a path"],
    ["a..b", 1, "a..b: is not a path"],
    ["__proto__.polluted", 1, "__proto__.polluted: is not a path"],
    ["features", JSON.parse('{ "__proto__": 1 }'), "features.__proto__: is not allowed as a key"],
    ["server.drain_delay", new Date(0), "server.drain_delay: is a date"],
    [
      "cache.enabled",
      true,
      "cache.enabled: not supported by this version, leave it out or use false (runtime override)",
    ],
  ])("refuses %s = %j", async (path, value, expected) => {
    const live = await watch();
    const before = live.current();
    expect(await refusal(live.set(path, value))).toContain(expected);
    expect(live.current()).toBe(before);
    expect(live.overrides()).toEqual([]);
    expect(live.refused()).toBeUndefined();
  });

  it("refuses to take back what is not overridden", async () => {
    const live = await watch();
    expect(await refusal(live.unset("telemetry.log.level"))).toBe(
      "telemetry.log.level: is not overridden, so there is nothing to take back",
    );
  });

  it("works while the file is wrong, over what was last good", async () => {
    await write("default_model: echo\n");
    const live = await watch();
    await write("server: [\n");
    await live.reload();
    await live.set("telemetry.log.level", "debug");
    expect(live.current()).toMatchObject({ defaultModel: "echo", telemetry: { log: { level: "debug" } } });
    expect(live.refused()).toBeDefined();
  });

  it("does not fit a file that took away what it changes: then the file is refused, and says why", async () => {
    await write("providers: [{ name: a, kind: echo }, { name: b, kind: echo }]\n");
    const live = await watch();
    await live.set("providers[1].delay_ms", 5);
    await write("providers: [{ name: a, kind: echo }]\n");
    expect(await live.reload()).toMatchObject({
      outcome: "refused",
      violations: [{ path: "providers[1]", message: expect.stringContaining("(runtime override)") }],
    });
    await live.unset("providers[1].delay_ms");
    expect(await live.reload()).toMatchObject({ outcome: "applied" });
    expect(live.current().providers).toHaveLength(1);
  });
});

describe("LiveConfig.withOverrides", () => {
  it("holds for a call tree and for nothing else", async () => {
    const live = await watch();
    const inner = live.withOverrides({ telemetry: { log: { level: "debug" } } }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return level(live);
    });
    expect(level(live)).toBe("info");
    expect(await inner).toBe("debug");
    expect(level(live)).toBe("info");
  });

  it("keeps what it began with while files change", async () => {
    await write("default_model: echo\n");
    const live = await watch();
    await live.withOverrides({ server: { drain_delay: "1s" } }, async () => {
      await write("default_model: echo/echo\n");
      await live.reload();
      expect(live.current()).toMatchObject({ defaultModel: "echo", server: { drainDelayMs: 1_000 } });
    });
    expect(live.current().defaultModel).toBe("echo/echo");
  });

  it("does not reach those who are asked about a change that is made in it", async () => {
    const live = await watch();
    const seen: unknown[] = [];
    live.onChange(() => {
      seen.push(live.current().server.drainDelayMs);
      return { commit: () => seen.push(level(live)) };
    });
    await live.withOverrides({ server: { drain_delay: "1s" } }, () =>
      live.set("telemetry.log.level", "debug"),
    );
    expect(seen).toEqual([0, "debug"]);
  });

  it("nests", async () => {
    const live = await watch();
    live.withOverrides({ server: { drain_delay: "1s" } }, () =>
      live.withOverrides({ server: { drain_timeout: "2s" } }, () => {
        expect(live.current().server).toMatchObject({ drainDelayMs: 1_000, drainTimeoutMs: 2_000 });
        expect(live.loaded().sources.get("server.drain_timeout")).toBe("override");
      }),
    );
  });

  it("derives once for one object, until what it is derived from changes", async () => {
    const live = await watch();
    const partial = { telemetry: { log: { level: "debug" } } };
    const derive = () => live.withOverrides(partial, () => live.current());
    const first = derive();
    expect(derive()).toBe(first);
    await live.set("server.drain_delay", "1s");
    expect(derive()).not.toBe(first);
    expect(derive()).toMatchObject({
      server: { drainDelayMs: 1_000 },
      telemetry: { log: { level: "debug" } },
    });
  });

  it("keeps secrets that it does not change, and takes others inline or from variables", async () => {
    await write(
      "auth: { management_token_file: token }\nproviders: [{ name: a, kind: openai, api_key: k }]\n",
    );
    await write("a-management-token", "token");
    const live = await watch({ environment: { KEY: "from-a-variable" } });
    const providers = [{ name: "b", kind: "openai", api_key_env: "KEY" }];
    live.withOverrides({ providers }, () => {
      const [provider] = live.current().providers;
      expect(provider?.kind === "openai" && provider.apiKey?.reveal()).toBe("from-a-variable");
      expect(live.current().auth.managementToken?.reveal()).toBe("a-management-token");
    });
  });

  it.each([
    [{ server: { port: 1 } }, "server.port: needs a restart"],
    [{ server: { drain_delay: 1 } }, "server.drain_delay: is 1, should be a duration"],
    [{ servre: {} }, "servre: is not a known key"],
    [
      { auth: { management_token_file: "x" } },
      "auth.management_token_file: names a file, should be given as",
    ],
  ])("refuses %j without calling", async (partial, expected) => {
    const live = await watch();
    let called = false;
    expect(() =>
      live.withOverrides(partial, () => {
        called = true;
      }),
    ).toThrow(expected);
    expect(called).toBe(false);
  });
});

describe("LiveConfig.settings", () => {
  it("has a row for each value, with its source and mark", async () => {
    await write("providers: [{ name: a, kind: openai, api_key: hunter2 }]\n");
    const live = await watch({ environment: { LLMPROXY_SERVER__PORT: "0" } });
    await live.set("server.drain_delay", "1s");
    const row = (path: string) => live.settings().find((setting) => setting.path === path);
    expect(row("server.port")).toEqual({
      path: "server.port",
      value: 0,
      source: "environment",
      mark: "restart",
    });
    expect(row("server.drain_delay")).toMatchObject({ value: "1s", source: "override", mark: "live" });
    expect(row("providers[0].api_key")).toMatchObject({ value: "[secret]", source: "file", mark: "live" });
    expect(row("server.host")).toMatchObject({ value: "127.0.0.1", source: "default" });
    expect(live.settings().length).toBe(live.loaded().sources.size);
  });
});

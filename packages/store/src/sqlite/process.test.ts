/**
 * What happens to the database when the process around it ends, with or without warning.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type TemporaryDirectory, temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { openDatabase } from "./open-database.ts";
import { openSqliteStore } from "./open-sqlite-store.ts";

/** What every script begins with: a store, records, and a way to say something that is not lost in a buffer. */
const prelude = (path: string) => `
  import { writeSync } from "node:fs";
  import { openSqliteStore } from ${JSON.stringify(new URL("./open-sqlite-store.ts", import.meta.url).href)};
  const say = (text) => writeSync(1, text + "\\n");
  const call = (recordId, text = "") => ({ recordId, requestId: text, startedAt: new Date(), durationMs: 1,
    endpoint: "/v1/chat/completions", attempts: [], outcome: "finished" });
  const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
  const project = (id, name = id) => ({ id, name, isActive: true, createdAt: new Date(), updatedAt: new Date() });
  const path = ${JSON.stringify(path)};`;

/** Ends a process whose test has given up. */
const lastResort = { timeout: 14_000, killSignal: "SIGKILL" } as const;

/** Runs a script with a store module at hand. */
async function run(directory: TemporaryDirectory, script: string, wrapper: readonly string[] = []) {
  const file = join(directory.path, "script.ts");
  await writeFile(file, `${prelude(join(directory.path, "store.db"))}\n${script}`);
  const node = [process.execPath, "--conditions=@llmproxy/source", "--no-warnings", file];
  const [command = "", ...rest] = [...wrapper, ...node];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"], ...lastResort });
  return { child, lines: createInterface(child.stdout), exit: once(child, "exit") };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Ids of every record and project in a store. */
async function readIds(path: string): Promise<ReadonlySet<string>> {
  const database = openDatabase({ path, readOnly: false, busyTimeoutMs: 1_000 });
  const rows = database.prepare("select record_id as id from call union all select id from project").all();
  database.close();
  return new Set(rows.map(({ id }) => String(id)));
}

describe("a process that is killed", () => {
  // It writes without pause and says what it was told is durable, until it is killed after a number of lines.
  const script = (round: number) => `
    const store = await openSqliteStore({ path });
    const writeProjects = async () => {
      for (let index = 0; ; index++) {
        const id = "p-${round}-" + index;
        await store.projects.insert(project(id));
        say(id);
      }
    };
    void writeProjects();
    for (let index = 0; ; index++) {
      const ids = Array.from({ length: 1 + (index % 40) }, (_, item) => "r-${round}-" + index + "-" + item);
      for (const id of ids) store.journal.append(call(id));
      await store.journal.flush();
      for (const id of ids) say(id);
    }`;

  it("leaves a sound database with everything it had acknowledged, however often", async () => {
    await using directory = await temporaryDirectory();
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const { child, lines } = await run(directory, script(round));
      const last = acknowledged.length + 1 + Math.floor(Math.random() * 400);
      for await (const line of lines) {
        acknowledged.push(line);
        if (acknowledged.length === last) child.kill("SIGKILL");
      }
      await kill(child);
      const found = await readIds(join(directory.path, "store.db"));
      expect(
        acknowledged.filter((id) => !found.has(id)),
        `killed after line ${last}`,
      ).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(5);
    const store = await openSqliteStore({ path: join(directory.path, "store.db") });
    await expect(store.check()).resolves.toBeUndefined();
    await store.close();
  });
});

describe("a process that has nothing left to do", () => {
  it("ends although a store is open", async () => {
    await using directory = await temporaryDirectory();
    const { exit } = await run(
      directory,
      `const store = await openSqliteStore({ path }); await store.check();`,
    );
    expect(await exit).toEqual([0, null]);
  });

  it("does not end while it waits for an answer, a flush or a close", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const { child, lines, exit } = await run(
      directory,
      `const store = await openSqliteStore({ path, busyTimeoutMs: 1, logger: { ...silent, warn: () => say("locked") } });
      const items = (await store.projects.list({ pageSize: 1 })).items;
      say("open " + items.length);
      await new Promise((resolve) => process.stdin.once("data", resolve));
      process.stdin.destroy();
      store.journal.append(call("a"));
      await store.journal.flush();
      say("flushed");
      store.journal.append(call("b"));
      await store.close();
      say("closed");`,
    );
    // While the lock is held, the only things left to happen are timers that do not hold the process.
    let lock: DatabaseSync | undefined;
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line);
      if (line === "open 0") {
        lock = new DatabaseSync(path);
        lock.exec("begin immediate");
        child.stdin.end("go on");
      }
      if (said.filter((text) => text === "locked").length === 2 && lock?.isOpen) lock.close();
    }
    await kill(child);
    expect(await exit).toEqual([0, null]);
    expect(said).toEqual(["open 0", "locked", "locked", "flushed", "closed"]);
    expect(await readIds(path)).toEqual(new Set(["a", "b"]));
  });
});

describe("a full disk", () => {
  const hasPrlimit = ((): boolean => {
    try {
      execFileSync("prlimit", ["--version"], { stdio: "ignore" });
      return process.platform === "linux";
    } catch {
      return false;
    }
  })();

  // A limit of the size of files stands in for the disk: it makes the same writes fail.
  it.skipIf(!hasPrlimit)("keeps records until there is room again", async () => {
    await using directory = await temporaryDirectory();
    const { child, lines, exit } = await run(
      directory,
      // SQLite finds room in its log a few more times; when three commits in a row fail, there is none.
      `let failures = 0;
      const logger = { ...silent, warn: () => { failures++; }, info: () => { failures = 0; } };
      const store = await openSqliteStore({ path, logger, maxJournalRecords: 1_000_000 });
      await store.projects.insert(project("before"));
      let count = 0;
      while (failures < 3) {
        for (let index = 0; failures === 0 && index < 100; index++) store.journal.append(call("r" + count++, "x".repeat(1_000)));
        await store.check().catch(() => {});
      }
      const codeOf = (promise) => promise.then(() => "none", (error) => error.code);
      const checked = await codeOf(store.check());
      const refused = await codeOf(store.projects.insert(project("large", "x".repeat(1_000_000))));
      say([checked, refused, (await store.projects.get("before")).id].join());
      await store.journal.flush();
      await store.check();
      await store.projects.insert(project("after"));
      await store.close();
      say(String(count));`,
      ["prlimit", "--fsize=1000000:", "--"],
    );
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line);
      if (said.length === 1) execFileSync("prlimit", [`--pid=${child.pid}`, "--fsize=unlimited:"]);
    }
    await kill(child);
    expect(await exit).toEqual([0, null]);
    expect(said[0]).toBe("unavailable,unavailable,before");
    const found = await readIds(join(directory.path, "store.db"));
    expect(found.size).toBe(Number(said[1]) + 2);
  });
});

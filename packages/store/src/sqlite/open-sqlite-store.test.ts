import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Logger } from "@llmproxy/spec";
import {
  createFakeClock,
  createMemoryLogger,
  createMemoryMeter,
  expectNoLeaks,
  type TemporaryDirectory,
  temporaryDirectory,
} from "@llmproxy/testing";
import { describeStore } from "@llmproxy/testing/conformance";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteStore, type SqliteStoreOptions } from "./open-sqlite-store.ts";
import { sqliteWorkerUrl } from "./worker-url.ts";

const moment = new Date("2026-03-01T12:00:00.123Z");
const project = (id: string) => ({ id, name: id, isActive: true, createdAt: moment, updatedAt: moment });
const call = (recordId: string) => ({
  recordId,
  requestId: "request",
  startedAt: moment,
  durationMs: 1,
  endpoint: "/v1/chat/completions",
  attempts: [],
  outcome: "finished" as const,
});

/** The worker as an application ships it, which also starts faster than the sources; made before the first test. */
let bundle: TemporaryDirectory;
let workerUrl: URL;

beforeAll(async () => {
  bundle = await temporaryDirectory();
  const file = join(bundle.path, "worker.cjs");
  const build = await rolldown({
    input: fileURLToPath(sqliteWorkerUrl()),
    platform: "node",
    resolve: { conditionNames: ["@llmproxy/source", "node", "import", "default"] },
  });
  await build.write({ file, format: "cjs" });
  await build.close();
  workerUrl = pathToFileURL(file);
});
afterAll(() => bundle.remove());

/** Opens a store with the bundled worker. */
const open = (options: SqliteStoreOptions) => openSqliteStore({ workerUrl, ...options });

describeStore("openSqliteStore", async () => {
  const directory = await temporaryDirectory();
  const store = await open({ path: join(directory.path, "store.db") });
  const cleanUp = async () => {
    await store.close();
    await directory.remove();
  };
  return { store, cleanUp };
});

describe("openSqliteStore", () => {
  it("finds its worker by itself", async () => {
    await using directory = await temporaryDirectory();
    const store = await openSqliteStore({ path: join(directory.path, "store.db") });
    await store.projects.insert(project("default"));
    expect(await store.projects.get("default")).toStrictEqual(project("default"));
    await store.close();
  });

  it("makes a private file and keeps everything in it until it is opened again", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const first = await open({ path });
    await first.projects.insert(project("default"));
    first.journal.append(call("record"));
    await first.close();
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe("600");
    const second = await open({ path });
    expect(await second.projects.get("default")).toStrictEqual(project("default"));
    expect((await second.usage.list({}, { pageSize: 10 })).items).toStrictEqual([call("record")]);
    expect(second.migrations).toEqual(first.migrations);
    await second.close();
  });

  it("tells which migrations the database has", async () => {
    await using directory = await temporaryDirectory();
    const store = await open({ path: join(directory.path, "store.db") });
    expect(store.migrations.pending).toEqual([]);
    expect(store.migrations.applied.map(({ name }) => name)).toContain("0001-projects-keys-calls");
    await store.close();
  });

  it("leaves nothing behind when it is closed, or could not be opened", async () => {
    await using directory = await temporaryDirectory();
    const clock = createFakeClock();
    await expectNoLeaks(
      async () => {
        const store = await open({ path: join(directory.path, "store.db"), clock });
        store.journal.append(call("record"));
        await store.close();
        await expect(open({ path: directory.path, clock })).rejects.toThrow("it is a directory");
      },
      { clocks: [clock] },
    );
  });

  it("migrates a new file once when several processes open it at the same moment", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const stores = await Promise.all(Array.from({ length: 4 }, () => open({ path })));
    expect(new Set(stores.map(({ migrations }) => JSON.stringify(migrations))).size).toBe(1);
    await Promise.all(stores.map((store, index) => store.projects.insert(project(`p${index}`))));
    for (const store of stores) expect((await store.projects.list({ pageSize: 10 })).items).toHaveLength(4);
    await Promise.all(stores.map((store) => store.close()));
  });

  it("refuses a worker that is not there", async () => {
    await using directory = await temporaryDirectory();
    const missing = pathToFileURL(join(directory.path, "missing.mjs"));
    await expect(open({ path: join(directory.path, "store.db"), workerUrl: missing })).rejects.toMatchObject({
      code: "unavailable",
      cause: { message: expect.stringContaining("missing.mjs") },
    });
  });

  it("refuses requests beyond those it can have under way, and answers the others", async () => {
    await using directory = await temporaryDirectory();
    const store = await open({ path: join(directory.path, "store.db") });
    const results = await Promise.allSettled(Array.from({ length: 1_003 }, () => store.projects.get("a")));
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(3);
    expect(refused[0]?.reason).toMatchObject({ code: "unavailable", retryAfterMs: 1_000 });
    await expect(store.check()).resolves.toBeUndefined();
    await store.close();
  });

  it("drops and counts a record that cannot be written, and writes the others", async () => {
    await using directory = await temporaryDirectory();
    const meter = createMemoryMeter();
    const store = await open({ path: join(directory.path, "store.db"), meter });
    const unwritable = { ...call("bad"), attempts: [1n] } as never;
    const untimed = { ...call("worse"), startedAt: new Date(Number.NaN) };
    for (const record of [call("a"), unwritable, call("b"), untimed, call("c")]) store.journal.append(record);
    await store.journal.flush();
    const { items } = await store.usage.list({}, { pageSize: 10 });
    expect(items.map(({ recordId }) => recordId)).toEqual(["a", "b", "c"]);
    expect(meter.value("llmproxy_usage_records_dropped_total", { reason: "rejected" })).toBe(2);
    await expect(store.check()).resolves.toBeUndefined();
    await store.close();
  });
});

describe("openSqliteStore of a database it cannot use", () => {
  /** A database that was made by this version and then changed. */
  async function changedDatabase(directory: TemporaryDirectory, statement: string): Promise<string> {
    const path = join(directory.path, "store.db");
    await (await open({ path })).close();
    const database = new DatabaseSync(path);
    database.exec(statement);
    database.close();
    return path;
  }

  it.each([
    [
      "a newer version wrote",
      "insert into migration_checksum values ('0099-later', 'x'); insert into kysely_migration values ('0099-later', '2030-01-01T00:00:00.000Z')",
      "0099-later",
    ],
    [
      "another version of a migration wrote",
      "update migration_checksum set checksum = 'x'",
      "0001-projects-keys-calls",
    ],
  ])("refuses one that %s, naming the file and the migration", async (_what, statement, name) => {
    await using directory = await temporaryDirectory();
    const path = await changedDatabase(directory, statement);
    for (const readOnly of [false, true])
      await expect(open({ path, readOnly })).rejects.toMatchObject({
        name: "ProxyError",
        code: "unavailable",
        message: expect.stringMatching(new RegExp(`(${path}.*${name}|${name}.*${path})`)),
      });
  });

  it("refuses one that is no database and leaves it alone", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "letter.txt");
    await writeFile(path, "Dear Sir or Madam, ".repeat(100));
    await expect(open({ path })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`${path} is not an SQLite database`),
    });
    expect(await readFile(path, "utf8")).toBe("Dear Sir or Madam, ".repeat(100));
  });
});

describe("openSqliteStore while another process holds a lock", () => {
  it("refuses writes, keeps records and tells of it until the lock is gone", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const logger = createMemoryLogger();
    const store = await open({ path, busyTimeoutMs: 10, logger });
    const other = new DatabaseSync(path);
    other.exec("begin immediate");

    const refused = store.projects.insert(project("default"));
    await expect(refused).rejects.toMatchObject({
      code: "unavailable",
      message: "the store cannot answer at the moment",
      cause: { message: expect.stringContaining("locked by another process") },
    });
    expect(await store.projects.get("default")).toBeUndefined();

    store.journal.append(call("record"));
    const flushed = store.journal.flush();
    await expect.poll(() => logger.entries.length, { interval: 5 }).toBeGreaterThan(0);
    await expect(store.check()).rejects.toMatchObject({ code: "unavailable" });

    other.exec("rollback");
    other.close();
    await flushed;
    await expect(store.check()).resolves.toBeUndefined();
    expect((await store.usage.list({}, { pageSize: 10 })).items).toHaveLength(1);
    await store.close();
  });

  it("does not tell callers which file it is", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const store = await open({ path, busyTimeoutMs: 1 });
    const other = new DatabaseSync(path);
    other.exec("begin immediate");
    const error = await store.projects.insert(project("default")).catch((caught: Error) => caught);
    expect(String(error)).not.toContain(directory.path);
    other.close();
    await store.close();
  });
});

describe("openSqliteStore for reading", () => {
  it("reads while another store writes, and writes nothing itself", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    const meter = createMemoryMeter();
    const writer = await open({ path });
    const reader = await open({ path, readOnly: true, meter });
    await writer.projects.insert(project("default"));
    expect(await reader.projects.get("default")).toStrictEqual(project("default"));
    await expect(reader.projects.insert(project("other"))).rejects.toMatchObject({ code: "unavailable" });
    reader.journal.append(call("record"));
    await reader.journal.flush();
    await reader.close();
    await expect(reader.journal.flush()).rejects.toMatchObject({ code: "unavailable" });
    expect(meter.value("llmproxy_usage_records_dropped_total", { reason: "read-only" })).toBe(1);
    expect((await writer.usage.list({}, { pageSize: 10 })).items).toEqual([]);
    await writer.close();
  });

  it("refuses a database that lacks migrations, naming them", async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, "store.db");
    new DatabaseSync(path).close();
    await expect(open({ path, readOnly: true })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("0001-projects-keys-calls"),
    });
  });
});

describe("openSqliteStore with a worker that dies", () => {
  /** An entry that runs `first` before it is the store's worker. */
  async function workerThat(directory: TemporaryDirectory, first: string): Promise<URL> {
    const path = join(directory.path, "worker.mjs");
    const marker = JSON.stringify(join(directory.path, "marker"));
    await writeFile(
      path,
      `import { existsSync, writeFileSync } from "node:fs";
      import { parentPort } from "node:worker_threads";
      const isFirstTime = () => !existsSync(${marker});
      const dieOnce = () => { if (isFirstTime()) { writeFileSync(${marker}, ""); process.exit(3); } };
      ${first};
      await import(${JSON.stringify(workerUrl.href)});`,
    );
    return pathToFileURL(path);
  }
  const dieWhenAsked = (how: string) =>
    `parentPort.on("message", ({ method, input }) => { if (method === "getProject" && input === "die") ${how} })`;

  /** A logger and a promise of the moment it is told that the worker runs again. */
  function recoveryLogger() {
    const logger = createMemoryLogger();
    const recovered = Promise.withResolvers<void>();
    const info: Logger["info"] = (fields, message) => {
      logger.info(fields, message);
      if (message === "the worker of the store runs again") recovered.resolve();
    };
    return { logger: { ...logger, info }, entries: logger.entries, recovered: recovered.promise };
  }

  it.each([
    ["ends", "process.exit(3)", undefined],
    ["throws", "throw new Error('broken worker')", "broken worker"],
  ])("refuses what was under way when it %s, and starts another", async (_what, how, cause) => {
    await using directory = await temporaryDirectory();
    const { logger, entries, recovered } = recoveryLogger();
    const meter = createMemoryMeter();
    const clock = createFakeClock();
    const store = await open({
      path: join(directory.path, "store.db"),
      workerUrl: await workerThat(directory, dieWhenAsked(how)),
      logger,
      meter,
      clock,
    });
    await store.projects.insert(project("kept"));
    const dead = await store.projects.get("die").catch((error: unknown) => error);
    expect(dead).toMatchObject({ code: "unavailable", message: "the store ended before it answered" });
    const restarting = { code: "unavailable", message: "the store is being restarted" };
    await expect(store.check()).rejects.toMatchObject(restarting);
    await expect(store.projects.get("kept")).rejects.toMatchObject(restarting);
    await clock.advance(100);
    await recovered;
    await expect(store.check()).resolves.toBeUndefined();
    expect(await store.projects.get("kept")).toStrictEqual(project("kept"));
    expect(meter.value("llmproxy_store_restarts_total")).toBe(1);
    expect(entries[0]).toMatchObject({ level: "error", message: "the worker of the store died" });
    expect(entries[0]?.fields.error).toEqual(cause === undefined ? undefined : new Error(cause));
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it.each([
    [
      "before it commits",
      `parentPort.on("message", ({ method }) => { if (method === "commitCalls") dieOnce(); })`,
    ],
    [
      "after it has committed, before it says so",
      `const { postMessage } = parentPort;
      let last;
      parentPort.on("message", (message) => { last = message.method; });
      parentPort.postMessage = function (message) {
        if (message.kind === "reply" && last === "commitCalls") dieOnce();
        postMessage.call(parentPort, message);
      }`,
    ],
  ])("writes every record once when it dies %s", async (_when, first) => {
    await using directory = await temporaryDirectory();
    const { logger, recovered } = recoveryLogger();
    const store = await open({
      path: join(directory.path, "store.db"),
      workerUrl: await workerThat(directory, first),
      logger,
    });
    for (const recordId of ["a", "b", "c"]) store.journal.append(call(recordId));
    await store.journal.flush();
    await recovered;
    const { items } = await store.usage.list({}, { pageSize: 10 });
    expect(items.map(({ recordId }) => recordId)).toEqual(["a", "b", "c"]);
    await store.close();
  });

  it("tries again with growing delays as long as it cannot be started", async () => {
    await using directory = await temporaryDirectory();
    const { logger, entries, recovered } = recoveryLogger();
    const clock = createFakeClock();
    const path = join(directory.path, "store.db");
    const dying = await workerThat(directory, dieWhenAsked("process.exit(3)"));
    const store = await open({ path, workerUrl: dying, logger, clock, busyTimeoutMs: 1 });
    const other = new DatabaseSync(path);
    other.exec("begin exclusive");
    await store.projects.get("die").catch(() => {});
    for (const delayMs of [100, 200, 400]) {
      const failures = entries.length;
      await clock.advance(delayMs);
      await expect.poll(() => entries.length, { interval: 5 }).toBeGreaterThan(failures);
    }
    expect(entries.map(({ fields }) => fields.restartMs)).toEqual([100, 200, 400, 800]);
    other.close();
    await clock.advance(800);
    await recovered;
    await store.close();
  });

  it("does not come back once the store is closed", async () => {
    await using directory = await temporaryDirectory();
    const clock = createFakeClock();
    const meter = createMemoryMeter();
    const dying = await workerThat(directory, dieWhenAsked("process.exit(3)"));
    const store = await open({ path: join(directory.path, "store.db"), workerUrl: dying, clock, meter });
    await store.projects.get("die").catch(() => {});
    await store.close();
    await clock.advance(60_000);
    expect(meter.labelSets("llmproxy_store_restarts_total")).toEqual([]);
  });

  it("closes a worker that is being started", async () => {
    await using directory = await temporaryDirectory();
    const clock = createFakeClock();
    const dying = await workerThat(directory, dieWhenAsked("process.exit(3)"));
    await expectNoLeaks(async () => {
      const store = await open({ path: join(directory.path, "store.db"), workerUrl: dying, clock });
      await store.projects.get("die").catch(() => {});
      await clock.advance(100);
      await store.close();
    });
  });
});

describe("the worker's entry", () => {
  it("does nothing in the main thread", async () => {
    expect(Object.keys(await import("./worker.ts"))).toEqual([]);
  });

  it("does nothing in a worker that was started for something else", async () => {
    const worker = new Worker(sqliteWorkerUrl(), {
      workerData: { path: "/nowhere/store.db" },
      execArgv: ["--conditions=@llmproxy/source"],
    });
    const messages: unknown[] = [];
    worker.on("message", (message) => messages.push(message));
    expect(await once(worker, "exit")).toEqual([0]);
    expect(messages).toEqual([]);
  });
});

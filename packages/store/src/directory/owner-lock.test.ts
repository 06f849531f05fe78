import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createFakeClock, temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { acquireOwnerLock, readOwnerLock } from "./owner-lock.ts";

const conflict = { code: "conflict", reason: "data_directory_in_use" };

/** Runs a process that tries to own a directory and says `owned` or the code of its refusal. */
async function startOwner(directory: string, url: string) {
  const script = `
    import { acquireOwnerLock } from ${JSON.stringify(new URL("./owner-lock.ts", import.meta.url).href)};
    try {
      globalThis.lock = await acquireOwnerLock(${JSON.stringify(directory)}, { url: ${JSON.stringify(url)} });
      console.log("owned");
      setInterval(() => {}, 1_000);
    } catch (error) {
      console.log(error.code);
    }`;
  const child = spawn(
    process.execPath,
    ["--conditions=@llmproxy/source", "--no-warnings", "--input-type=module", "--eval", script],
    { stdio: ["ignore", "pipe", "inherit"], timeout: 14_000, killSignal: "SIGKILL" },
  );
  const lines = createInterface(child.stdout);
  const [said] = await Promise.race([once(lines, "line"), once(child, "exit")]);
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

describe("acquireOwnerLock", () => {
  it("says who owns the directory, in a file only the owner may read", async () => {
    await using directory = await temporaryDirectory();
    const clock = createFakeClock(1_772_366_400_123);
    const lock = await acquireOwnerLock(directory.path, { url: "http://127.0.0.1:8080", clock });
    expect(await readOwnerLock(directory.path)).toStrictEqual({
      pid: process.pid,
      url: "http://127.0.0.1:8080",
      startedAt: new Date(1_772_366_400_123),
    });
    expect((await readdir(directory.path)).sort()).toEqual(["owner.json", "owner.lock"]);
    for (const name of await readdir(directory.path))
      expect(((await stat(join(directory.path, name))).mode & 0o777).toString(8), name).toBe("600");
    await lock.release();
  });

  it("refuses a second owner in the same process, naming the first", async () => {
    await using directory = await temporaryDirectory();
    const lock = await acquireOwnerLock(directory.path, { url: "http://127.0.0.1:8080" });
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(acquireOwnerLock(directory.path)).rejects.toMatchObject({
        ...conflict,
        message: expect.stringMatching(
          new RegExp(
            `^the data directory ${directory.path} is in use by process ${process.pid} at http://127.0.0.1:8080: `,
          ),
        ),
      });
    await lock.release();
  });

  it("refuses a second owner in another process, and lets it own once the first has gone", async () => {
    await using directory = await temporaryDirectory();
    const lock = await acquireOwnerLock(directory.path);
    expect((await startOwner(directory.path, "http://second")).said).toBe("conflict");
    await lock.release();
    const { child, said } = await startOwner(directory.path, "http://third");
    try {
      expect(said).toBe("owned");
      await expect(acquireOwnerLock(directory.path)).rejects.toMatchObject({
        ...conflict,
        message: expect.stringContaining(`in use by process ${child.pid} at http://third`),
      });
    } finally {
      await kill(child);
    }
  });

  it("takes over from an owner that was killed", async () => {
    await using directory = await temporaryDirectory();
    const { child, said } = await startOwner(directory.path, "http://killed");
    expect(said).toBe("owned");
    await kill(child);
    expect(await readOwnerLock(directory.path)).toBeUndefined();
    const lock = await acquireOwnerLock(directory.path);
    expect(await readOwnerLock(directory.path)).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it("is not misled by a file left behind that names a process which lives", async () => {
    await using directory = await temporaryDirectory();
    const left = { pid: process.ppid, url: "http://127.0.0.1:1", startedAt: new Date(0) };
    await writeFile(join(directory.path, "owner.json"), JSON.stringify(left));
    await writeFile(join(directory.path, "owner.lock"), "");
    expect(await readOwnerLock(directory.path)).toBeUndefined();
    const lock = await acquireOwnerLock(directory.path);
    await lock.release();
  });

  it("lets exactly one of several processes own a directory whose owner was killed", async () => {
    await using directory = await temporaryDirectory();
    const killed = await startOwner(directory.path, "http://killed");
    await kill(killed.child);
    const owners = await Promise.all(
      Array.from({ length: 4 }, (_, index) => startOwner(directory.path, `http://${index}`)),
    );
    try {
      const said = owners.map((owner) => owner.said).sort();
      expect(said).toEqual(["conflict", "conflict", "conflict", "owned"]);
      const winner = owners.find((owner) => owner.said === "owned");
      expect(await readOwnerLock(directory.path)).toMatchObject({ pid: winner?.child.pid });
    } finally {
      await Promise.all(owners.map(({ child }) => kill(child)));
    }
  });

  it("lets exactly one of many callers in one process own a directory", async () => {
    await using directory = await temporaryDirectory();
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => acquireOwnerLock(directory.path)),
    );
    const owned = results.filter((result) => result.status === "fulfilled");
    expect(owned).toHaveLength(1);
    await owned[0]?.value.release();
  });

  it("refuses a directory that does not exist or holds no lock file", async () => {
    await using directory = await temporaryDirectory();
    await expect(acquireOwnerLock(join(directory.path, "missing"))).rejects.toMatchObject({
      code: "unavailable",
    });
    await writeFile(join(directory.path, "owner.lock"), "this is not empty and no database".repeat(100));
    await expect(acquireOwnerLock(directory.path)).rejects.toMatchObject({ code: "unavailable" });
    await expect(readOwnerLock(directory.path)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("refuses when the owner does not say who it is, without inventing one", async () => {
    await using directory = await temporaryDirectory();
    const lock = await acquireOwnerLock(directory.path);
    for (const text of ["", "{", "null", '{"pid":"1"}']) {
      await writeFile(join(directory.path, "owner.json"), text);
      await expect(acquireOwnerLock(directory.path)).rejects.toMatchObject({
        ...conflict,
        message: expect.stringContaining("is in use by another process:"),
      });
    }
    await expect(readOwnerLock(directory.path)).rejects.toMatchObject({ code: "unavailable" });
    await lock.release();
  });
});

describe("OwnerLock.update", () => {
  it("says where the owner answers and leaves the rest", async () => {
    await using directory = await temporaryDirectory();
    const lock = await acquireOwnerLock(directory.path, { clock: createFakeClock(5_000) });
    expect(await readOwnerLock(directory.path)).not.toHaveProperty("url");
    await lock.update({ url: "http://127.0.0.1:9000" });
    expect(await readOwnerLock(directory.path)).toStrictEqual({
      pid: process.pid,
      url: "http://127.0.0.1:9000",
      startedAt: new Date(5_000),
    });
    await lock.release();
  });

  it("says that the owner answers REST only", async () => {
    await using directory = await temporaryDirectory();
    const lock = await acquireOwnerLock(directory.path);
    await lock.update({ url: "http://127.0.0.1:9000", surface: "rest" });
    expect(await readOwnerLock(directory.path)).toMatchObject({
      url: "http://127.0.0.1:9000",
      surface: "rest",
    });
    await lock.release();
  });

  it("throws after the release and writes nothing", async () => {
    await using directory = await temporaryDirectory();
    const lock = await acquireOwnerLock(directory.path);
    await lock.release();
    await expect(lock.update({ url: "http://127.0.0.1:9000" })).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(await readdir(directory.path)).toEqual(["owner.lock"]);
  });
});

describe("OwnerLock.release", () => {
  it("gives the directory back, once", async () => {
    await using directory = await temporaryDirectory();
    const first = await acquireOwnerLock(directory.path);
    await first.release();
    expect(await readOwnerLock(directory.path)).toBeUndefined();
    const second = await acquireOwnerLock(directory.path);
    await first.release();
    expect(await readOwnerLock(directory.path)).toMatchObject({ pid: process.pid });
    await second.release();
  });
});

describe("readOwnerLock", () => {
  it("knows no owner of a directory that has none, or does not exist", async () => {
    await using directory = await temporaryDirectory();
    expect(await readOwnerLock(directory.path)).toBeUndefined();
    expect(await readOwnerLock(join(directory.path, "missing"))).toBeUndefined();
    expect(await readdir(directory.path)).toEqual([]);
  });

  it("does not keep others from owning while it looks", async () => {
    await using directory = await temporaryDirectory();
    for (let round = 0; round < 20; round++) {
      const [lock] = await Promise.all([acquireOwnerLock(directory.path), readOwnerLock(directory.path)]);
      await lock.release();
    }
    expect((await readFile(join(directory.path, "owner.lock"))).length).toBe(0);
  });
});

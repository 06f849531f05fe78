import { spawn } from "node:child_process";
import { once } from "node:events";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { Secret } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createLogger, type LoggerOptions } from "./logger.ts";
import { createScrubber } from "./scrubber.ts";

const clock = createFakeClock(Date.UTC(2026, 10, 21, 5, 12, 33, 123));

/** A logger and what it has written. */
function setUp(options: Partial<LoggerOptions> & { isTTY?: boolean } = {}) {
  const written: string[] = [];
  const destination = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      written.push(chunk);
      done();
    },
  });
  if (options.isTTY) Object.assign(destination, { isTTY: true });
  const logger = createLogger({ destination, clock, ...options });
  const records = async (): Promise<Record<string, unknown>[]> => {
    await logger.flush(AbortSignal.timeout(5_000));
    return written
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  };
  return { logger, written, records };
}

describe("createLogger", () => {
  it("writes a line of JSON per event", async () => {
    const { logger, written, records } = setUp();
    logger.info({ port: 8080, list: [1] }, "ready");
    expect(await records()).toEqual([
      { level: "info", time: "2026-11-21T05:12:33.123Z", port: 8080, list: [1], msg: "ready" },
    ]);
    expect(written.join("")).toMatch(/^\{[^\n]*\}\n$/);
  });

  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
    ["silent", []],
  ] as const)("at level %s writes %j", async (level, expected) => {
    const { logger, records } = setUp({ level });
    for (const each of ["debug", "info", "warn", "error"] as const) logger[each]({}, each);
    expect((await records()).map(({ msg }) => msg)).toEqual(expected);
  });

  it("changes the level of children that exist already", async () => {
    const { logger, records } = setUp();
    const child = logger.child({ call: "c1" });
    child.debug({}, "before");
    logger.setLevel("debug");
    child.debug({}, "after");
    expect((await records()).map(({ msg }) => msg)).toEqual(["after"]);
  });

  it("adds the fields of a child, each name once", async () => {
    const { logger, written, records } = setUp();
    logger.child({ call: "c1", step: 1 }).child({ step: 2 }).info({ step: 3 }, "m");
    expect(await records()).toMatchObject([{ call: "c1", step: 3 }]);
    expect(written.join("").match(/"step"/g)).toHaveLength(1);
  });

  it("shows stacks only at debug", async () => {
    const { logger, records } = setUp();
    logger.error({ error: new Error("broken"), err: new Error("other") }, "m");
    logger.setLevel("debug");
    logger.error({ error: new Error("broken") }, "m");
    const [quiet, loud] = await records();
    expect(quiet).toMatchObject({ error: { message: "broken" }, err: { message: "other" } });
    expect(quiet?.error).not.toHaveProperty("stack");
    expect(loud).toMatchObject({ error: { stack: expect.stringContaining("logger.test.ts") } });
  });

  it("writes placeholders of other loggers as they are", async () => {
    const { logger, records } = setUp();
    logger.info({}, "100 %s %d %o %j");
    expect(await records()).toMatchObject([{ msg: "100 %s %d %o %j" }]);
  });

  it("lets no secret through, in whichever way it comes", async () => {
    const canary = "canary-value-0123456789";
    const scrub = createScrubber([new Secret(canary)]);
    const { logger, written, records } = setUp({ scrub, level: "debug" });
    const child = logger.child({ inherited: canary });
    child.error({ error: new Error(`a ${canary}`, { cause: new Error(canary) }) }, `msg ${canary}`);
    child.info({ [canary]: { deep: [new Secret(canary), Buffer.from(canary), `x${canary}y`] } }, "fields");
    child.info({ long: `${"x".repeat(4_090)}${canary}` }, "cut");
    expect(await records()).toHaveLength(3);
    expect(written.join("")).not.toContain(canary);
    expect(written.join("")).not.toContain("canary");
  });

  it("keeps every line on one line, free of controls, at most 8 KiB", async () => {
    const { logger, written, records } = setUp();
    const nasty = 'a\r\n{"level":"error","msg":"forged"}\u001b[2J\u009b31m\u2028';
    logger.info({ nasty, [nasty]: 1 }, nasty);
    logger.info(
      { large: "é".repeat(1 << 20), many: Array(100).fill("x".repeat(5_000)) },
      "y".repeat(1 << 20),
    );
    const [first, second] = await records();
    expect(first).toMatchObject({ nasty, msg: nasty });
    expect(second).toMatchObject({ level: "info", cut: expect.any(Number) });
    for (const line of written.join("").split("\n")) {
      expect(Buffer.byteLength(line)).toBeLessThan(8_192);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
    }
  });

  it.each([
    ["auto", true, "text"],
    ["auto", false, "json"],
    ["text", false, "text"],
    ["json", true, "json"],
  ] as const)("format %s writes on a terminal (%s) %s", async (format, isTTY, expected) => {
    const { logger, written } = setUp({ format, isTTY });
    logger.info({}, "hello");
    await logger.flush(AbortSignal.timeout(5_000));
    const [line = ""] = written;
    expect(line.startsWith("{")).toBe(expected === "json");
    expect(line.includes("\u001b[")).toBe(expected === "text" && isTTY);
  });

  it("reports lines lost to a destination that was stuck", async () => {
    const gate = Promise.withResolvers<void>();
    const written: string[] = [];
    const destination = new Writable({
      decodeStrings: false,
      write: (chunk, _, done) => void gate.promise.then(() => written.push(chunk)).then(() => done()),
    });
    const logger = createLogger({ destination, clock, maxBufferedLength: 1_000 });
    for (let count = 0; count < 200; count++) logger.info({ count }, "m");
    expect(logger.droppedLines).toBeGreaterThan(80);
    gate.resolve();
    await logger.flush(AbortSignal.timeout(5_000));
    const [, second = ""] = written;
    expect(JSON.parse(second.split("\n")[0] ?? "")).toEqual({
      level: "warn",
      time: "2026-11-21T05:12:33.123Z",
      lines: logger.droppedLines,
      msg: "log lines dropped",
    });
    logger.close();
    expect(destination.listenerCount("error")).toBe(0);
  });

  it("does not block the event loop when nobody reads the pipe it writes to", async () => {
    const module = new URL("./logger.ts", import.meta.url).href;
    const program = `
      const { createLogger } = await import(${JSON.stringify(module)});
      const logger = createLogger({ destination: process.stdout });
      const started = performance.now();
      for (let count = 0; count < 2000; count++) logger.info({ filler: "x".repeat(3000) }, "m");
      await new Promise((resolve) => setImmediate(resolve));
      process.stderr.write(JSON.stringify({ dropped: logger.droppedLines, ms: performance.now() - started }));
      process.exit(0);`;
    const child = spawn(process.execPath, [
      "--conditions=@llmproxy/source",
      "--input-type=module",
      "-e",
      program,
    ]);
    const [report, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect({ code, report }).toEqual({ code: 0, report: expect.stringMatching(/^\{/) });
    expect(JSON.parse(report).dropped).toBeGreaterThan(1_000);
    child.stdout.destroy();
  });
});

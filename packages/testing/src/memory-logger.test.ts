import { ProxyError, Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createMemoryLogger } from "./memory-logger.ts";

describe("createMemoryLogger", () => {
  it("keeps events of every level in order", () => {
    const logger = createMemoryLogger();
    logger.debug({ a: 1 }, "one");
    logger.info({}, "two");
    logger.warn({}, "three");
    logger.error({}, "four");
    expect(logger.entries).toEqual([
      { level: "debug", message: "one", fields: { a: 1 } },
      { level: "info", message: "two", fields: {} },
      { level: "warn", message: "three", fields: {} },
      { level: "error", message: "four", fields: {} },
    ]);
  });

  it("adds the fields of a child, nearest last", () => {
    const logger = createMemoryLogger();
    logger.child({ call: "c1", a: 1 }).child({ a: 2 }).info({ b: 3 }, "deep");
    logger.info({}, "not the child's");
    expect(logger.entries.map(({ fields }) => fields)).toEqual([{ call: "c1", a: 2, b: 3 }, {}]);
  });

  it("writes a JSON line per event", () => {
    const logger = createMemoryLogger();
    logger.info({ at: new Date(0) }, "first");
    logger.info({}, "second\nline");
    const lines = logger.text().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: "info", message: "first", fields: { at: "1970-01-01T00:00:00.000Z" } },
      { level: "info", message: "second\nline", fields: {} },
    ]);
  });

  const canary = "sk-canary-0123456789";
  it.each([
    ["a nested error's cause", { error: new ProxyError("internal", "x", { cause: new Error(canary) }) }],
    ["bytes", { body: Buffer.from(`{"key":"${canary}"}`) }],
    ["a map", { headers: new Map([["authorization", canary]]) }],
    ["a set", { seen: new Set([canary]) }],
    ["a vendor's answer in an error", { error: Object.assign(new Error("x"), { vendor: { body: canary } }) }],
    ["an array", { list: [{ deep: [canary] }] }],
  ])("hides nothing in %s", (_, fields) => {
    const logger = createMemoryLogger();
    logger.warn(fields, "careless");
    expect(logger.text()).toContain(canary);
  });

  it("shows a Secret as it shows itself", () => {
    const logger = createMemoryLogger();
    logger.info({ key: new Secret(canary) }, "careful");
    expect(logger.text()).toContain('"key":"[secret]"');
  });

  it("survives cycles and values JSON cannot say", () => {
    const logger = createMemoryLogger();
    const loop: Record<string, unknown> = { big: 10n, call() {} };
    loop.self = loop;
    logger.info(loop, "odd");
    expect(logger.text()).toContain('"big":"10"');
    expect(logger.text()).toContain("[circular]");
  });
});

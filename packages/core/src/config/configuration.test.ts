import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LiveConfig, watchConfig } from "@llmproxy/config";
import { type Principal, systemClock } from "@llmproxy/spec";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConfigurationOperations } from "./configuration.ts";

const operator: Principal = { kind: "management", id: "operator", roles: ["root"] };
const { signal } = new AbortController();

describe("overrides", () => {
  let directory: string;
  let live: LiveConfig;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "configuration-"));
    live = await watchConfig({ directory, environment: {} });
  });
  afterEach(async () => {
    await live.close();
    await rm(directory, { recursive: true });
  });

  it("of a section is told back as it is in effect, with its secrets hidden", async () => {
    const operations = createConfigurationOperations(live, systemClock);
    const provider = { name: "up", kind: "openai", api_key: "sk-0123456789abcdef" };
    const path = "providers";
    const view = await operations.setOverride(operator, { path, value: [provider] }, signal);
    expect(view).toMatchObject({ path, source: "override", value: [{ name: "up", api_key: "[secret]" }] });
  });

  it.each(["providers", "providers[0]", "providers[0].delay_ms"])(
    "deleted at %s takes back what is overridden there and below",
    async (path) => {
      const operations = createConfigurationOperations(live, systemClock);
      await operations.setOverride(operator, { path: "providers[0].delay_ms", value: 7 }, signal);
      expect(live.overrides()).toHaveLength(1);
      await operations.deleteOverride(operator, { path }, signal);
      expect(live.overrides()).toEqual([]);
    },
  );

  it("leaves overrides elsewhere alone", async () => {
    const operations = createConfigurationOperations(live, systemClock);
    await operations.setOverride(operator, { path: "providers[0].delay_ms", value: 7 }, signal);
    await operations.deleteOverride(operator, { path: "prov" }, signal);
    expect(live.overrides()).toHaveLength(1);
  });
});

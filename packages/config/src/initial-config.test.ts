import { describe, expect, it } from "vitest";
import { initialConfigText } from "./initial-config.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";
import { configSchema } from "./schema/config.ts";
import { keysOf } from "./schema/inspect.ts";

/** Loads a text as the configuration file; by default without the keys its examples name. */
function load(text: string, environment: Record<string, string> = {}): Promise<LoadedConfig> {
  const readFile = async (path: string) => {
    if (!path.endsWith("llmproxy.yaml")) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return { bytes: new TextEncoder().encode(text), isTruncated: false, mode: 0o600 };
  };
  return loadConfig({
    directory: "/srv",
    environment,
    readFile,
  });
}

/** Takes the `#` off lines that are settings: prose has a space after it, examples another `#`. */
function withSettings(text: string): string {
  return text.replace(/^#(?![ #]\S|#|$)/gm, "");
}

/** Takes the `##` off lines that are examples, in place of the defaults of the same section. */
function withExamples(text: string): string {
  return withSettings(text)
    .replace(/^(?:models| {2}jwt): \[\]$/gm, "")
    .replace(/^##/gm, "");
}

describe("initialConfigText", () => {
  it("is valid as it stands and changes nothing", async () => {
    const [written, defaults] = await Promise.all([load(initialConfigText()), load("")]);
    expect(written.config).toEqual(defaults.config);
    expect([...written.sources.values()].every((source) => source === "default")).toBe(true);
  });

  it("shows defaults: with its settings switched on it still changes nothing", async () => {
    const text = withSettings(initialConfigText());
    const [written, defaults] = await Promise.all([load(text), load("")]);
    expect(written.redacted()).toEqual(defaults.redacted());
    expect(written.sources.get("server.port")).toBe("file");
    expect(written.sources.get("telemetry.metrics.auth")).toBe("file");
  });

  it("shows examples that work", async () => {
    const { config } = await load(withExamples(initialConfigText()), {
      OPENAI_API_KEY: "k",
      ANTHROPIC_API_KEY: "k",
      LLMPROXY_MANAGEMENT_TOKEN: "a-management-token",
      JWT_SECRET: "a secret of at least thirty-two bytes",
    });
    expect(config.providers.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "echo echo",
      "openai openai",
      "anthropic anthropic",
      "local openai-compatible",
    ]);
    expect(config.models.map(({ name }) => name)).toEqual(["fast"]);
    expect(config.auth.jwt.map(({ issuer }) => issuer)).toEqual(["https://id.example.com", "internal"]);
    expect(config.auth.managementToken?.reveal()).toBe("a-management-token");
  });

  it("shows every setting that this version honours", async () => {
    const text = initialConfigText();
    const { config } = await load("");
    const sections = Object.keys(config).map((section) =>
      section.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    for (const section of sections) {
      expect(keysOf(configSchema)).toContain(section);
      expect(text).toMatch(new RegExp(`^#${section}:`, "m"));
    }
  });

  it("is made of short lines", () => {
    for (const line of initialConfigText().split("\n")) expect(line.length).toBeLessThanOrEqual(110);
  });
});

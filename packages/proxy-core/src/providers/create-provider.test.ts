import { Secret, silentLogger } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createProvider, type ProviderDefinition } from "./create-provider.ts";

const ports = { clock: createFakeClock(), logger: silentLogger, lookup: async () => [] };

describe("createProvider", () => {
  it.each([
    { kind: "openai", name: "a", apiKey: new Secret("sk-x") },
    { kind: "openai-compatible", name: "b", baseUrl: "https://models.test/v1" },
    { kind: "echo", name: "c" },
  ] satisfies ProviderDefinition[])("makes a provider of kind $kind", async (definition) => {
    const provider = createProvider(definition, ports);
    expect(provider).toMatchObject({ name: definition.name, kind: definition.kind });
    await provider.close();
    expect(ports.clock.pending).toBe(0);
  });
});

import { type ModelInfo, type Provider, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import type { ModelDefinition } from "./model-definition.ts";
import { createModelRegistry, type ModelRegistryOptions } from "./model-registry.ts";

/** A provider that has a catalogue and answers nothing. */
function providerOf(name: string, ...ids: string[]): Provider & { catalogue: readonly ModelInfo[] } {
  return {
    name,
    kind: "fake",
    catalogue: ids.map((id) => ({ id, provider: name, aliases: [] })),
    call: () => Promise.reject(new ProxyError("internal", "not called")),
    models() {
      return this.catalogue;
    },
    async close() {},
  };
}

const openai = providerOf("openai", "gpt-4o", "gpt-4o-mini", "shared");
const groq = providerOf("groq", "llama-3.3-70b", "meta-llama/llama-4", "shared", "openai/gpt-oss");
const fast: ModelDefinition = {
  name: "fast",
  aliases: ["default", "gpt-4o"],
  targets: [
    { provider: "groq", model: "llama-3.3-70b" },
    { provider: "openai", model: "gpt-4o-mini" },
  ],
};

function registryOf(options: Partial<ModelRegistryOptions> = {}) {
  return createModelRegistry({ models: [fast], providers: [openai, groq], ...options });
}

describe("ModelRegistry.resolve", () => {
  it.each(["fast", "default", "gpt-4o"])("takes %s for the configured model", (name) => {
    expect(registryOf({ directModels: true }).resolve(name)).toEqual({ name: "fast", targets: fast.targets });
  });

  it("gives the same targets each time, so that they can be told apart by identity", () => {
    const registry = registryOf();
    expect(registry.resolve("fast").targets[0]).toBe(registry.resolve("default").targets[0]);
  });

  it.each([
    ["openai/gpt-4o", "openai", "gpt-4o"],
    ["openai/not-in-the-catalogue", "openai", "not-in-the-catalogue"],
    ["groq/openai/gpt-oss", "groq", "openai/gpt-oss"],
    ["openai/gpt-oss", "openai", "gpt-oss"],
    ["gpt-4o-mini", "openai", "gpt-4o-mini"],
    ["llama-3.3-70b", "groq", "llama-3.3-70b"],
    ["meta-llama/llama-4", "groq", "meta-llama/llama-4"],
    ["shared", "openai", "shared"],
  ])("takes %s for %s's %s", (name, provider, model) => {
    expect(registryOf({ directModels: true }).resolve(name)).toEqual({
      name,
      targets: [{ provider, model }],
    });
  });

  it("asks providers in the order they are configured", () => {
    const registry = registryOf({ directModels: true, providers: [groq, openai] });
    expect(registry.resolve("shared").targets).toEqual([{ provider: "groq", model: "shared" }]);
  });

  it.each([
    ["models are configured", { models: [fast] }, false],
    ["models are configured and direct models asked for", { models: [fast], directModels: true }, true],
    ["no models are configured", { models: [] }, true],
    ["no models are configured and direct models declined", { models: [], directModels: false }, false],
  ] as const)("decides on direct models when %s", (_, options, isDirect) => {
    for (const name of ["openai/gpt-4o-mini", "gpt-4o-mini"]) {
      const resolve = () => registryOf(options).resolve(name);
      if (isDirect) expect(resolve().targets).toEqual([{ provider: "openai", model: "gpt-4o-mini" }]);
      else expect(resolve).toThrow(expect.objectContaining({ code: "model_not_found" }));
    }
  });

  it("knows a model as soon as it is in a catalogue, and no longer than that", () => {
    const provider = providerOf("p");
    const registry = registryOf({ models: [], providers: [provider] });
    expect(() => registry.resolve("new")).toThrow();
    provider.catalogue = [{ id: "new", provider: "p", aliases: [] }];
    expect(registry.resolve("new").targets).toEqual([{ provider: "p", model: "new" }]);
    provider.catalogue = [];
    expect(() => registry.resolve("new")).toThrow();
  });

  it.each([
    ["fst", 'there is no model "fst"; did you mean "fast"?'],
    ["gpt-4o-mni", 'there is no model "gpt-4o-mni"; did you mean "gpt-4o-mini"?'],
    ["something-else", 'there is no model "something-else"'],
    ["FAST", 'there is no model "FAST"; did you mean "fast"?'],
    ["", 'there is no model ""'],
    ["/", 'there is no model "/"'],
    ["openai/", 'there is no model "openai/"'],
    ["/gpt-4o", 'there is no model "/gpt-4o"; did you mean "gpt-4o"?'],
    ["__proto__", 'there is no model "__proto__"'],
    ["x".repeat(500), `there is no model "${"x".repeat(128)}…"`],
  ])("does not know %j", (name, message) => {
    const resolve = () => registryOf({ directModels: true }).resolve(name);
    expect(resolve).toThrow(expect.objectContaining({ code: "model_not_found", field: "model", message }));
  });

  it("does not propose what cannot be asked for", () => {
    expect(() => registryOf().resolve("gpt-4o-mni")).toThrow(
      expect.objectContaining({ message: 'there is no model "gpt-4o-mni"' }),
    );
  });
});

describe("ModelRegistry.list", () => {
  it("lists configured models with what their first target is known for", () => {
    const createdAt = new Date("2026-01-01");
    const provider = providerOf("groq");
    provider.catalogue = [
      { id: "llama-3.3-70b", provider: "groq", aliases: [], createdAt, maxContextTokens: 131_072 },
    ];
    expect(registryOf({ providers: [provider, openai] }).list()).toEqual([
      { id: "fast", provider: "groq", aliases: ["default", "gpt-4o"], createdAt, maxContextTokens: 131_072 },
    ]);
  });

  it("lists catalogues under names that lead there", () => {
    const registry = registryOf({ directModels: true });
    const list = registry.list();
    expect(list.map(({ id }) => id)).toEqual([
      "fast",
      "openai/gpt-4o",
      "gpt-4o-mini",
      "shared",
      "llama-3.3-70b",
      "meta-llama/llama-4",
      "groq/shared",
      "groq/openai/gpt-oss",
    ]);
    for (const { id, provider } of list) expect(registry.resolve(id).targets[0]?.provider).toBe(provider);
  });

  it("lists nothing when there is nothing", () => {
    expect(registryOf({ models: [], providers: [] }).list()).toEqual([]);
  });
});

describe("createModelRegistry", () => {
  it("knows the default model", () => {
    expect(registryOf({ defaultModel: "fast" }).defaultModel).toBe("fast");
    expect(registryOf().defaultModel).toBeUndefined();
  });

  it.each([
    [[fast, { name: "fast", targets: fast.targets }], "models[1].name"],
    [[fast, { name: "default", targets: fast.targets }], "models[1].name"],
    [[fast, { name: "x", aliases: ["y", "fast"], targets: fast.targets }], "models[1].aliases[1]"],
    [[{ name: "x", aliases: ["x"], targets: fast.targets }], "models[0].aliases[0]"],
    [[{ name: "", targets: fast.targets }], "models[0].name"],
    [[{ name: "x", targets: [] }], "models[0].targets"],
    [
      [
        {
          name: "x",
          targets: [
            { provider: "openai", model: "m" },
            { provider: "no", model: "m" },
          ],
        },
      ],
      "models[0].targets[1].provider",
    ],
  ] as const)("refuses models %#", (models, field) => {
    expect(() => registryOf({ models })).toThrow(expect.objectContaining({ code: "invalid_request", field }));
  });
});

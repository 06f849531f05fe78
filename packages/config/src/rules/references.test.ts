import type { JsonValue } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { formatPath } from "../path.ts";
import { checkReferences } from "./references.ts";

/** What is found, as `path: message`. */
function problemsOf(tree: JsonValue): readonly string[] {
  return checkReferences(tree).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

const providers = [{ name: "openai" }, { name: "local" }];
const to = (provider: string) => [{ provider, model: "m" }];

describe("checkReferences", () => {
  it.each<[string, JsonValue]>([
    ["nothing at all", {}],
    [
      "models of configured providers",
      {
        providers,
        models: [
          { name: "a", targets: to("openai") },
          { name: "b", targets: to("local") },
        ],
      },
    ],
    [
      "a model of the built-in provider, where no others are configured",
      { models: [{ name: "a", targets: to("echo") }] },
    ],
    [
      "a default model that is a name",
      { providers, models: [{ name: "a", targets: to("local") }], default_model: "a" },
    ],
    [
      "a default model that is an alias",
      { providers, models: [{ name: "a", aliases: ["b"], targets: to("local") }], default_model: "b" },
    ],
    ["a default model of a provider, where models are empty", { providers, default_model: "openai/gpt-4o" }],
    [
      "a bare default model, where direct models are on",
      {
        providers,
        direct_models: true,
        models: [{ name: "a", targets: to("local") }],
        default_model: "gpt-4o",
      },
    ],
    [
      "a name like one of another section",
      { providers, models: [{ name: "openai", targets: to("openai") }] },
    ],
  ])("takes %s", (_, tree) => {
    expect(problemsOf(tree)).toEqual([]);
  });

  it.each<[string, JsonValue, string]>([
    [
      "two providers of one name",
      { providers: [{ name: "a" }, { name: "b" }, { name: "a" }] },
      'providers[2].name: is "a" like providers[0].name, should be another name',
    ],
    [
      "two models of one name",
      {
        providers,
        models: [
          { name: "a", targets: to("local") },
          { name: "a", targets: to("local") },
        ],
      },
      'models[1].name: is "a" like models[0].name, should be another name',
    ],
    [
      "an alias that is another model's name",
      {
        providers,
        models: [
          { name: "a", targets: to("local") },
          { name: "b", aliases: ["c", "a"], targets: to("local") },
        ],
      },
      'models[1].aliases[1]: is "a" like models[0].name, should be another name',
    ],
    [
      "a name that is another model's alias",
      {
        providers,
        models: [
          { name: "a", aliases: ["b"], targets: to("local") },
          { name: "b", targets: to("local") },
        ],
      },
      'models[1].name: is "b" like models[0].aliases[0], should be another name',
    ],
    [
      "an alias that is the model's own name",
      { providers, models: [{ name: "a", aliases: ["a"], targets: to("local") }] },
      'models[0].aliases[0]: is "a" like models[0].name, should be another name',
    ],
    [
      "a provider that is misspelled",
      { providers, models: [{ name: "a", targets: to("opnai") }] },
      'models[0].targets[0].provider: is "opnai", which is no configured provider, did you mean openai?',
    ],
    [
      "a provider nobody configured",
      { providers, models: [{ name: "a", targets: to("anthropic") }] },
      'models[0].targets[0].provider: is "anthropic", which is no configured provider, should be one of openai, local',
    ],
    [
      "the built-in provider, where others are configured",
      { providers, models: [{ name: "a", targets: to("echo") }] },
      'models[0].targets[0].provider: is "echo", which is no configured provider, should be one of openai, local',
    ],
    [
      "any provider, where the list is empty",
      { providers: [], models: [{ name: "a", targets: to("echo") }] },
      'models[0].targets[0].provider: is "echo", but no provider is configured',
    ],
    [
      "a model without targets",
      { providers, models: [{ name: "a", targets: [] }] },
      "models[0].targets: is empty, should hold at least one target",
    ],
    [
      "a default model that is misspelled",
      { providers, models: [{ name: "fast", targets: to("local") }], default_model: "fst" },
      'default_model: is "fst", which is no configured model, did you mean fast?',
    ],
    [
      "a default model of a provider, where direct models are off",
      { providers, direct_models: false, default_model: "openai/gpt-4o" },
      'default_model: is "openai/gpt-4o", but no model is configured',
    ],
  ])("refuses %s", (_, tree, expected) => {
    expect(problemsOf(tree)).toEqual([expected]);
  });

  it("names no more than ten of many", () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ name: `provider-number-${index}` }));
    const [problem] = problemsOf({ providers: many, models: [{ name: "a", targets: to("x") }] });
    expect(problem).toContain("provider-number-9, …");
    expect(problem).not.toContain("provider-number-10");
  });

  it.each<[JsonValue]>([
    [null],
    [{ providers: "x", models: [{ name: "a", targets: to("x") }] }],
    [{ providers: [1, null], models: [1, null, "x", { name: 1, aliases: "x", targets: "x" }] }],
    [{ models: { a: 1 }, default_model: 1 }],
    [{ models: [{ name: "a", aliases: [1], targets: [1, { provider: 1 }] }] }],
    [{ direct_models: "no", default_model: "x" }],
  ])("leaves values of the wrong type to the schema: %j", (tree) => {
    expect(problemsOf(tree)).toEqual([]);
  });
});

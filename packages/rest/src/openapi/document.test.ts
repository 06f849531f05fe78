import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { everyRpc } from "../testing/every-rpc.ts";
import { createRoutes } from "../transcoding/routes.ts";
import { openApiDocument } from "./document.ts";

const registry = everyRpc();
const { bindings } = createRoutes(registry);
const document = openApiDocument({ registry, version: "1.2.3", metricsPath: "/metrics", jwks: true });

type Members = Record<string, JsonValue>;

/** Every value in the document, with where it stands. */
function* walk(value: JsonValue | undefined, path: string): Generator<[string, Members]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Members];
  for (const [name, inner] of Object.entries(value)) yield* walk(inner as JsonValue, `${path}/${name}`);
}

const everything = Array.from(walk(document, "#"));
const operations = Object.entries(document.paths as Record<string, Record<string, JsonObject>>).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addFormat("int32", true).addFormat("int64", true).addFormat("double", true).addFormat("float", true);

beforeAll(() => {
  ajv.addSchema({ $id: "https://example.com/openapi", ...document });
});

/** What is wrong with a value of a schema that may refer to the document's components. */
function complaints(schema: JsonValue, value: JsonValue | undefined): unknown {
  const text = JSON.stringify(schema).replaceAll('"#/', '"https://example.com/openapi#/');
  const validate = ajv.compile(JSON.parse(text));
  return validate(value) ? [] : validate.errors;
}

describe("the openapi document", () => {
  it("is valid openapi 3.1", async () => {
    const result = await new Validator().validate(structuredClone(document) as Members);
    expect(result).toMatchObject({ valid: true });
    expect(document.openapi).toBe("3.1.1");
  });

  it("has every way to reach every rpc, and nothing else of them", () => {
    const declared = bindings.map(
      ({ method, template }) => `${method} ${template.text.replace(/=[^}]*\}/g, "}")}`,
    );
    const written = operations
      .filter(({ operation }) => String(operation.operationId).includes("_"))
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(written.toSorted()).toEqual(declared.toSorted());
  });

  it.each([
    "/v1/chat/completions",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/models",
    "/v1/models/{model}",
    "/health",
    "/v1/health",
    "/ready",
    "/health/ready",
    "/live",
    "/health/live",
    "/metrics",
    "/.well-known/jwks.json",
  ])("has %s", (path) => {
    expect(document.paths).toHaveProperty([path]);
  });

  it("leaves out what is switched off", () => {
    const { paths } = openApiDocument({ registry, version: "1" });
    expect(paths).not.toHaveProperty(["/metrics"]);
    expect(paths).not.toHaveProperty(["/.well-known/jwks.json"]);
  });

  it("names its version and its server", () => {
    const { info, servers } = openApiDocument({
      registry,
      version: "9",
      serverUrl: "https://llm.example.com",
    });
    expect([info, servers]).toMatchObject([{ version: "9" }, [{ url: "https://llm.example.com" }]]);
    expect(document.servers).toEqual([{ url: "/" }]);
  });

  it("has an id of its own, a summary, a description and a known tag for every operation", () => {
    const tags = new Set((document.tags as Members[]).map(({ name }) => name));
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      expect([path, operation.summary, operation.description]).toEqual([
        path,
        expect.stringMatching(/./),
        expect.stringMatching(/./),
      ]);
      for (const tag of operation.tags as string[]) expect(tags).toContain(tag);
    }
  });

  it("describes every schema, member and parameter of the protos", () => {
    const schemas = Object.entries((document.components as Record<string, Members>).schemas ?? {});
    const messages = new Set(
      bindings.flatMap(({ registered: { rpc } }) => [rpc.method.input.name, rpc.method.output.name]),
    );
    const ofProtos = schemas.filter(([name]) => messages.has(name.replace(/Input$/, "")));
    expect(ofProtos.length).toBeGreaterThan(5);
    for (const [name, schema] of ofProtos)
      for (const [member, value] of Object.entries((schema as Record<string, Members>).properties ?? {}))
        expect([name, member, (value as Members).description]).toEqual([name, member, expect.any(String)]);
  });

  it("answers with the status the protos declare, without content where that is 204", () => {
    const responsesOf = (path: string, method: string) =>
      operations.find((each) => each.path === path && each.method === method)?.operation.responses as Record<
        string,
        Members
      >;
    expect(responsesOf("/manage/projects", "post")).toHaveProperty("201");
    expect(responsesOf("/manage/tokens/{id}", "delete")["204"]).not.toHaveProperty("content");
    expect(responsesOf("/manage/projects", "get")["200"]).toMatchObject({
      content: {
        "application/json": { schema: { type: "array", items: { $ref: "#/components/schemas/Project" } } },
      },
    });
  });

  it("asks for credentials everywhere but where nobody does", () => {
    const open = operations.filter(({ operation }) => Array.isArray(operation.security));
    expect(open.every(({ operation }) => operation.tags?.toString() === "Operations")).toBe(true);
    expect(document.security).toContainEqual({ bearer: [] });
    expect(operations.find(({ path }) => path === "/manage/projects")?.operation["x-permission"]).toBe(
      "project:write",
    );
  });

  it("refers to nothing that is not in it", () => {
    for (const [path, { $ref }] of everything) {
      if (typeof $ref !== "string") continue;
      const target = $ref
        .slice(2)
        .split("/")
        .reduce<unknown>((value, name) => (value as Members)?.[name], document);
      expect([path, target]).not.toEqual([path, undefined]);
    }
  });

  it("has an example of every body and every answer", () => {
    for (const [path, { content }] of everything)
      for (const [type, media] of Object.entries((content as Record<string, Members>) ?? {}))
        if (/\/(requestBody|responses\/\w+)$/.test(path))
          expect([path, type, media]).toEqual([
            path,
            type,
            expect.objectContaining({ example: expect.anything() }),
          ]);
  });

  const examples = everything.filter(([, value]) => "schema" in value && "example" in value);

  it.each(examples)("has a valid example at %s", (_, { schema, example }) => {
    expect(complaints(schema ?? {}, example)).toEqual([]);
  });

  const streams = everything.filter(([, value]) => "x-event-schema" in value);

  it.each(streams)("has valid events in the example at %s", (_, { "x-event-schema": schema, example }) => {
    const events = String(example)
      .split("\n\n")
      .filter((event) => event.startsWith("data: {"));
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(complaints(schema ?? {}, JSON.parse(event.slice(6)))).toEqual([]);
  });
});

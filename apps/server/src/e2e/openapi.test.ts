/**
 * The document of the API against the server it describes: each of its operations is called as its examples say, and
 * the answer is what the document promises.
 *
 * @module
 */

import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

type Json = Record<string, unknown>;

interface Operation extends Json {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[];
  readonly requestBody?: { readonly content: Record<string, { readonly example?: unknown }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: unknown }> }>;
}

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
for (const name of ["int32", "int64", "double", "float"]) ajv.addFormat(name, true);

const documentId = "https://example.com/openapi";

describe("/openapi.json", () => {
  let server: TestServer;
  let operations: readonly { path: string; method: string; operation: Operation }[];
  let keyId: string;

  beforeAll(async () => {
    server = await startTestServer();
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Json;
    ajv.addSchema({ $id: documentId, ...document });
    operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const made = await send("post", "/manage/tokens", { project_id: "default", name: "to be found" });
    keyId = ((await made.json()) as { key: { id: string } }).key.id;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  function send(method: string, target: string, body: unknown): Promise<Response> {
    const isManagement = target.startsWith("/manage/");
    return fetch(server.url + target, {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${isManagement ? server.managementToken : server.apiKey}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  let counter = 0;

  /** Examples name things that this server has under other names, or has already. */
  function known(path: string, value: unknown): unknown {
    const names: Json = {
      model: "echo",
      model_name: "echo",
      project_id: "default",
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      ...(path.startsWith("/manage/") && { name: `name ${++counter}` }),
    };
    return JSON.parse(JSON.stringify(value), (name, inner) => names[name] ?? inner);
  }

  function bodyOf(path: string, { requestBody }: Operation): unknown {
    const example = requestBody?.content["application/json"]?.example;
    return example === undefined ? undefined : known(path, example);
  }

  function targetOf(path: string, { parameters = [] }: Operation): string {
    return path.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (name === "model") return "echo";
      if (name === "id") return path.startsWith("/manage/tokens") ? keyId : "default";
      return encodeURIComponent(String(parameters.find((each) => each.name === name)?.example));
    });
  }

  it("promises what the server does, operation by operation", async () => {
    expect(operations.length).toBeGreaterThan(25);
    const failures: string[] = [];
    for (const each of operations) failures.push(...(await broken(each)));
    expect(failures).toEqual([]);
  });

  /** What of its promises an operation does not keep. */
  async function broken({ path, method, operation }: (typeof operations)[number]): Promise<string[]> {
    const answer = await send(method, targetOf(path, operation), bodyOf(path, operation));
    const text = await answer.text();
    const where = `${method} ${path}: ${answer.status} ${text.slice(0, 200)}`;
    const promised = operation.responses[String(answer.status)];
    if (!answer.ok || !promised) return [where];
    if (text === "") return [];
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    const content = promised.content?.[type];
    if (!content) return [`${where}: ${type} is not promised`];
    return type === "application/json" && content.schema ? wrong(where, content.schema, text) : [];
  }

  function wrong(where: string, schema: unknown, text: string): string[] {
    const own = JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${documentId}#/`)) as object;
    const validate = ajv.compile(own);
    return validate(JSON.parse(text)) ? [] : [`${where}: ${ajv.errorsText(validate.errors)}`];
  }
});

/**
 * The RPCs of the registry as operations of the OpenAPI document.
 *
 * @module
 */

import type { DescField } from "@bufbuild/protobuf";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { type Binding, type FieldChain, isTextMessage, nextPageHeader } from "../transcoding/binding.ts";
import { isParameter } from "../transcoding/read-query.ts";
import { descriptionOf, docsOf, firstSentence } from "./docs.ts";
import { errorReferences } from "./errors.ts";
import { fieldExample, messageExample } from "./example.ts";
import type { MessageSchemas } from "./message-schemas.ts";

/** How deep fields of messages within messages are told as parameters. */
const maxParameterDepth = 3;

/** The paths of bindings, in their order. */
export function rpcPaths(bindings: readonly Binding[], schemas: MessageSchemas): JsonObject {
  const paths: Record<string, JsonObject> = {};
  const seen = new Set<string>();
  for (const binding of bindings) {
    const path = openApiPath(binding);
    const operationId = operationIdOf(binding, seen);
    const method = binding.method.toLowerCase();
    // OpenAPI 3.1 knows no other methods.
    if (!["get", "put", "post", "delete", "patch", "head", "options", "trace"].includes(method)) continue;
    paths[path] = { ...paths[path], [method]: operation(binding, operationId, schemas) };
  }
  return paths;
}

/** One tag a service. */
export function rpcTags(bindings: readonly Binding[]): readonly JsonObject[] {
  const services = new Set(bindings.map(({ registered }) => registered.rpc.method.parent));
  return Array.from(services, (service) => ({ name: service.name, ...descriptionOf(service.typeName) }));
}

function openApiPath({ template }: Binding): string {
  return template.text.replace(/\{([\w.]+)=[^}]*\}/g, "{$1}");
}

function operationIdOf({ registered, method }: Binding, seen: Set<string>): string {
  const { parent, name } = registered.rpc.method;
  const plain = `${parent.name}_${name}`;
  const id = seen.has(plain) ? `${plain}_${method.toLowerCase()}` : plain;
  seen.add(plain);
  return id;
}

function operation(binding: Binding, operationId: string, schemas: MessageSchemas): JsonObject {
  const { registered } = binding;
  const { method, access } = { ...registered.rpc };
  const comment = docsOf(`${method.parent.typeName}.${method.name}`) ?? method.name;
  const { permission } = registered;
  const needs = permission === undefined ? [] : [`Needs the permission \`${permission}\`.`];
  const parameters = [...pathParameters(binding, schemas), ...queryParameters(binding, schemas)];
  return {
    operationId,
    tags: [method.parent.name],
    summary: firstSentence(comment),
    description: [comment, ...needs].join("\n\n"),
    ...(access.kind === "public" && { security: [] }),
    ...(permission !== undefined && { "x-permission": permission }),
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(binding, schemas),
    responses: {
      [String(binding.successStatus)]: success(binding, schemas),
      ...errorReferences(access.kind !== "public"),
    },
  };
}

function pathParameters({ pathFields, template }: Binding, schemas: MessageSchemas): JsonObject[] {
  return Array.from(pathFields, ([name, chain]) => ({
    ...parameter(name, chain, schemas),
    in: "path",
    required: true,
    ...(/[*/]/.test(patternOf(template.text, name)) && { "x-pattern": patternOf(template.text, name) }),
  }));
}

/** What the path must look like where a variable stands; empty for any one segment. */
function patternOf(text: string, name: string): string {
  return new RegExp(`\\{${name.replaceAll(".", "\\.")}=([^}]*)\\}`).exec(text)?.[1] ?? "";
}

function queryParameters(binding: Binding, schemas: MessageSchemas): JsonObject[] {
  if (binding.body === "all") return [];
  const { input } = binding.registered.rpc.method;
  const fields = input.fields.filter((field) => field !== binding.body);
  return chainsOf(fields, [])
    .map((chain) => ({ chain, name: chain.map(({ name }) => name).join(".") }))
    .filter(({ name }) => !binding.pathFields.has(name))
    .map(({ chain, name }) => ({ ...parameter(name, chain, schemas), in: "query" }));
}

/** The fields that fit into a parameter, those of messages within too. */
function chainsOf(fields: readonly DescField[], before: readonly DescField[]): FieldChain[] {
  return fields.flatMap((field) => {
    const [first = field, ...rest] = [...before, field];
    if (isParameter(field)) return [[first, ...rest]] satisfies FieldChain[];
    const isInner = field.fieldKind === "message" && !isTextMessage(field.message);
    return isInner && before.length < maxParameterDepth
      ? chainsOf(field.message.fields, [first, ...rest])
      : [];
  });
}

function parameter(name: string, chain: FieldChain, schemas: MessageSchemas): JsonObject {
  const field = chain.at(-1) ?? chain[0];
  const { description, ...schema } = schemas.field(field, "input");
  return { name, ...(description !== undefined && { description }), schema, example: fieldExample(field) };
}

function requestBody(binding: Binding, schemas: MessageSchemas): JsonObject {
  const { input } = binding.registered.rpc.method;
  if (binding.body === "none") return {};
  if (binding.body !== "all") {
    const content = jsonContent(schemas.field(binding.body, "input"), fieldExample(binding.body));
    return { requestBody: { required: true, content } };
  }
  const inPath = new Set(
    [...binding.pathFields.values()].filter((chain) => chain.length === 1).map(([field]) => field),
  );
  const content = jsonContent(schemas.message(input, "input", inPath), messageExample(input, inPath));
  return { requestBody: { required: true, content } };
}

function success(binding: Binding, schemas: MessageSchemas): JsonObject {
  const { output } = binding.registered.rpc.method;
  const { responseField } = binding;
  const description = docsOf(output.typeName) ?? "The answer.";
  if (binding.successStatus === 204) return { description };
  const schema = responseField ? schemas.field(responseField, "output") : schemas.message(output, "output");
  const example = responseField ? fieldExample(responseField) : messageExample(output);
  if (binding.registered.rpc.kind === "unary")
    return { description, ...pageHeader(binding), content: jsonContent(schema, example) };
  return { description: `${description} One event each.`, content: eventContent(schema, example) };
}

function pageHeader({ nextPageField }: Binding): JsonObject {
  if (!nextPageField) return {};
  const description = "For the next page, as `page_token`; absent on the last.";
  return { headers: { [nextPageHeader]: { description, schema: { type: "string" } } } };
}

function jsonContent(schema: JsonObject, example: JsonValue): JsonObject {
  return { "application/json": { schema, example } };
}

/** OpenAPI 3.1 has no schema for the elements of a stream; `x-event-schema` is that of the data of an event. */
function eventContent(schema: JsonObject, example: JsonValue): JsonObject {
  const description =
    "Server-sent events, the JSON of a message as the data of each. An event named `error` with the JSON of an error ends a stream that broke off.";
  return {
    "text/event-stream": {
      schema: { type: "string", description },
      "x-event-schema": schema,
      example: `data: ${JSON.stringify(example)}\n\n`,
    },
  };
}

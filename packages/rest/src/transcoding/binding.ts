/**
 * The ways an RPC is reached by REST, read from its `google.api.http` option and checked against its messages.
 *
 * @see https://google.aip.dev/127
 * @module
 */

import { type DescField, type DescMessage, getOption, hasOption } from "@bufbuild/protobuf";
import { type HttpRule, httpOption, successStatusOption } from "@llmproxy/proto";
import type { RegisteredRpc, ServerStreamRpc, UnaryRpc } from "@llmproxy/services";
import { isWrapper, wellKnownOf } from "../json/well-known.ts";
import { type PathTemplate, parsePathTemplate } from "./path-template.ts";

/** An RPC that can be reached by REST. */
export type RestRpc = RegisteredRpc & { readonly rpc: UnaryRpc | ServerStreamRpc };

/** A field, or one of a message within: the fields on the way and itself at the end. */
export type FieldChain = readonly [DescField, ...DescField[]];

/** One way to reach an RPC. */
export interface Binding {
  readonly registered: RestRpc;
  /** The HTTP method. */
  readonly method: string;
  readonly template: PathTemplate;
  /** What the variables of the path fill, by field path. */
  readonly pathFields: ReadonlyMap<string, FieldChain>;
  /** What the body fills: nothing, one field, or everything the path does not. */
  readonly body: "none" | "all" | DescField;
  /** The field of the response that is the body; the whole response when absent. */
  readonly responseField?: DescField;
  /** The field of the response that says where the next page begins, where the body has no room for it. */
  readonly nextPageField?: DescField;
  /** The HTTP status of success. */
  readonly successStatus: number;
}

/**
 * The ways to reach an RPC; none when it declares none, or takes a stream.
 *
 * @throws TypeError when what it declares does not fit its messages
 */
export function bindingsOf(registered: RegisteredRpc): readonly Binding[] {
  const { rpc } = registered;
  if (rpc.kind === "bidi-stream" || !hasOption(rpc.method, httpOption)) return [];
  const rule = getOption(rpc.method, httpOption);
  const restRpc = { ...registered, rpc };
  return [rule, ...rule.additionalBindings].map((each) => readRule(restRpc, each));
}

function readRule(registered: RestRpc, rule: HttpRule): Binding {
  const { method } = registered.rpc;
  const { verb, path } = patternOf(rule, registered.path);
  const template = parsePathTemplate(path);
  const pathFields = new Map(
    template.variables.map(({ fieldPath }) => [fieldPath, pathField(method.input, fieldPath, path)]),
  );
  const status = hasOption(method, successStatusOption) ? getOption(method, successStatusOption) : 200;
  return {
    registered,
    method: verb,
    template,
    pathFields,
    body: bodyOf(rule, method.input),
    ...(rule.responseBody !== "" && {
      responseField: fieldOf(method.output, rule.responseBody),
      ...nextPage(method.output),
    }),
    successStatus: status,
  };
}

function patternOf({ pattern }: HttpRule, path: string): { readonly verb: string; readonly path: string } {
  if (pattern.case === undefined) throw new TypeError(`${path} declares a rule without a path`);
  if (pattern.case === "custom") return { verb: pattern.value.kind, path: pattern.value.path };
  return { verb: pattern.case.toUpperCase(), path: pattern.value };
}

function bodyOf({ body }: HttpRule, input: DescMessage): Binding["body"] {
  if (body === "") return "none";
  return body === "*" ? "all" : fieldOf(input, body);
}

/** A list whose body is the bare array names its next page in a header; AIP-158 has the name of the field. */
function nextPage({ fields }: DescMessage): Pick<Binding, "nextPageField"> {
  const field = fields.find(({ name }) => name === "next_page_token");
  return field ? { nextPageField: field } : {};
}

/** The header that names the next page of a list whose body is a bare array. */
export const nextPageHeader = "x-next-page-token";

function fieldOf(schema: DescMessage, name: string): DescField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (!field) throw new TypeError(`${schema.typeName} has no field ${name}`);
  return field;
}

function pathField(input: DescMessage, fieldPath: string, path: string): FieldChain {
  const [name = "", ...rest] = fieldPath.split(".");
  let last = fieldOf(input, name);
  const chain: [DescField, ...DescField[]] = [last];
  for (const next of rest) {
    if (last.fieldKind !== "message") throw new TypeError(`${path}: ${fieldPath} is no field of a message`);
    last = fieldOf(last.message, next);
    chain.push(last);
  }
  if (!isText(last)) throw new TypeError(`${path}: ${fieldPath} cannot be part of a path`);
  return chain;
}

/** Whether the value of a field, or of its elements, can be written as a text. */
export function isText(field: DescField): boolean {
  if (field.fieldKind === "scalar" || field.fieldKind === "enum") return true;
  return field.fieldKind === "message" && isTextMessage(field.message);
}

/** Whether a message has the form of a scalar. */
export function isTextMessage(schema: DescMessage): boolean {
  return isWrapper(schema) || wellKnownOf(schema)?.isText === true;
}

import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  fromJson,
  getOption,
  hasOption,
  type JsonValue as ProtoJson,
  toJson,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import * as proto from "@llmproxy/proto";
import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

type Members = Record<string, JsonValue>;
type Credential = "nothing" | "a wrong key" | "an api key" | "the management token";

/** How an RPC went, in the words all protocols share. */
type Outcome =
  | { readonly messages: readonly JsonValue[] }
  | { readonly code: string; readonly message: string; readonly field: string | undefined };

/** One way to reach an RPC, as its proto declares it. */
interface Way {
  readonly name: string;
  readonly method: DescMethod;
  readonly verb: string;
  readonly path: string;
  readonly rule: proto.HttpRule;
}

const exported: readonly unknown[] = Object.values(proto);
const services = exported.filter(isService);
const ways = services.flatMap(({ methods }) => methods.flatMap(waysTo));
const cases = ways.map((way) => [way.name, way] as const);

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}

function waysTo(method: DescMethod): readonly Way[] {
  if (!hasOption(method, proto.httpOption)) return [];
  const first = getOption(method, proto.httpOption);
  return [first, ...first.additionalBindings].map((rule) => {
    const { case: kind, value } = rule.pattern;
    const [verb, path] =
      kind === "custom" ? [value.kind, value.path] : [kind?.toUpperCase() ?? "", String(value)];
    return { name: `${verb} ${path}`, method, verb, path, rule };
  });
}

let server: TestServer;
let sessions: Http2SessionManager;
let document: Members;
let keyId: string;

function headersOf(credential: Credential): Record<string, string> {
  const tokens: Record<Credential, string | undefined> = {
    nothing: undefined,
    "a wrong key": `${server.apiKey.slice(0, -1)}${server.apiKey.endsWith("0") ? "1" : "0"}`,
    "an api key": server.apiKey,
    "the management token": server.managementToken,
  };
  const token = tokens[credential];
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** A refusal as RPC clients see it: to them a body that fills one field is not all there is. */
function withOuter(refused: Outcome, body: string): Outcome {
  if (!("code" in refused) || refused.field === undefined || body === "" || body === "*") return refused;
  if (refused.field === body || !refused.message.startsWith(refused.field)) return refused;
  return { ...refused, field: `${body}.${refused.field}`, message: `${body}.${refused.message}` };
}

/** The message of the way's example in the OpenAPI document, with names and ids this server knows. */
function exampleOf({ method, verb, path, rule }: Way, unique: string): Members {
  const operation = (document.paths as Record<string, Record<string, Members>>)[path]?.[verb.toLowerCase()];
  const body = bodyExample(operation);
  const parameters = (operation?.parameters ?? []) as readonly Members[];
  const rest = Object.fromEntries(parameters.map(({ name, example }) => [String(name), example ?? ""]));
  const example = {
    ...rest,
    ...(rule.body === "*" ? (body as Members) : rule.body && { [rule.body]: body }),
  };
  const known: Members = {
    name: `name ${unique}`,
    model_name: "echo",
    id: method.parent.name === "KeyService" ? keyId : "default",
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  };
  return JSON.parse(JSON.stringify(example), (name, value) => {
    if (name === "model") return "echo";
    return typeof value === "string" && Object.hasOwn(known, name) ? known[name] : value;
  });
}

function bodyExample(operation: Members | undefined): JsonValue | undefined {
  const requestBody = operation?.requestBody as Record<string, Record<string, Members>> | undefined;
  return requestBody?.content?.["application/json"]?.example;
}

async function askRest(
  { verb, path, rule, method }: Way,
  input: Members,
  credential: Credential,
): Promise<Outcome> {
  const rest = { ...input };
  const target = path.replace(/\{(\w+)[^}]*\}/g, (_, name: string) => {
    const text = encodeURIComponent(String(rest[name]));
    delete rest[name];
    return text;
  });
  const body = rule.body === "*" ? rest : rule.body === "" ? undefined : rest[rule.body];
  if (rule.body !== "") delete rest[rule.body];
  const query = rule.body === "*" ? "" : `?${new URLSearchParams(rest as Record<string, string>)}`;
  const answer = await fetch(server.url + target + query, {
    method: verb,
    headers: { ...headersOf(credential), ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) return withOuter(refusal(JSON.parse(text) as Members), rule.body);
  if (answer.status === 204) return { messages: [{}] };
  if (method.methodKind === "unary") return { messages: [JSON.parse(text)] };
  const events = text.split("\n\n").filter((event) => event !== "");
  return { messages: events.map((event) => JSON.parse(event.replace(/^data: /, ""))) };
}

function refusal({ code, error, field }: Members): Outcome {
  return { code: String(code), message: String(error), field: field as string | undefined };
}

async function askRpc(
  transport: Transport,
  way: Way,
  input: Members,
  credential: Credential,
): Promise<Outcome> {
  const { method } = way;
  try {
    const message = fromJson(method.input, input as ProtoJson);
    const headers = headersOf(credential);
    if (method.methodKind === "unary") {
      const unary = method as DescMethodUnary;
      const answer = await transport.unary(unary, undefined, undefined, headers, message);
      return { messages: [responseBody(way, answer.message)] };
    }
    const inputs = (async function* () {
      yield message;
    })();
    const stream = method as Parameters<Transport["stream"]>[0];
    const answer = await transport.stream(stream, undefined, undefined, headers, inputs);
    return { messages: await Array.fromAsync(answer.message, (each) => responseBody(way, each)) };
  } catch (reason) {
    return rpcRefusal(ConnectError.from(reason));
  }
}

function rpcRefusal(error: ConnectError): Outcome {
  const [info] = error.findDetails(proto.ErrorInfoSchema);
  return {
    code: info?.reason.toLowerCase() ?? `status ${error.code}`,
    message: error.rawMessage,
    field: info?.metadata.field,
  };
}

/** What REST answers with, made of the message by protobuf-es; a status of 204 has none of it. */
function responseBody({ method, rule }: Way, message: Parameters<typeof toJson<DescMessage>>[1]): JsonValue {
  if (hasOption(method, proto.successStatusOption) && getOption(method, proto.successStatusOption) === 204)
    return {};
  const json = toJson(method.output, message, {
    useProtoFieldName: true,
    alwaysEmitImplicit: true,
  }) as Members;
  return rule.responseBody === "" ? json : (json[rule.responseBody] ?? null);
}

/** What must be the same in every protocol: everything of what does not change meanwhile, else names and types. */
function comparable(outcome: Outcome, isExact: boolean): unknown {
  if (!("messages" in outcome)) return outcome;
  return outcome.messages.map((message) => (isExact ? numbered(message) : shapeOf(numbered(message))));
}

/** 64-bit integers are numbers in our JSON and strings in that of protobuf-es. */
function numbered(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value), (_, each) => (/^-?\d+$/.test(String(each)) ? Number(each) : each));
}

function shapeOf(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, each]) => [name, shapeOf(each ?? null)]),
  );
}

async function askAll(way: Way, inputOf: (unique: string) => Members, credential: Credential) {
  const grpc = createGrpcTransport({ baseUrl: server.url, sessionManager: sessions });
  const connect = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
  return {
    rest: await askRest(way, inputOf("rest"), credential),
    grpc: await askRpc(grpc, way, inputOf("grpc"), credential),
    connect: await askRpc(connect, way, inputOf("connect"), credential),
  };
}

async function expectSame(
  way: Way,
  inputOf: (unique: string) => Members,
  credential: Credential,
): Promise<void> {
  const { rest, grpc, connect } = await askAll(way, inputOf, credential);
  const isRead = way.method.idempotency === Idempotency.NO_SIDE_EFFECTS;
  const isExact =
    isRead && JSON.stringify(await askRest(way, inputOf("rest"), credential)) === JSON.stringify(rest);
  expect(comparable(rest, isExact)).toEqual(comparable(grpc, isExact));
  expect(comparable(connect, isExact)).toEqual(comparable(grpc, isExact));
}

const credentials: readonly Credential[] = ["nothing", "a wrong key", "an api key", "the management token"];

describe.each(cases)("%s", (_, way) => {
  // A server each: one that has seen many wrong keys refuses whoever sends them, right ones too.
  beforeAll(async () => {
    server = await startTestServer();
    sessions = new Http2SessionManager(server.url);
    document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Members;
    const headers = { ...headersOf("the management token"), "content-type": "application/json" };
    const body = JSON.stringify({ project_id: "default", name: "to be found" });
    const made = await fetch(`${server.url}/manage/tokens`, { method: "POST", headers, body });
    keyId = ((await made.json()) as { key: { id: string } }).key.id;
  });

  afterAll(async () => {
    sessions.abort();
    await server[Symbol.asyncDispose]();
  });

  let counter = 0;
  const example = (protocol: string): Members => exampleOf(way, `${way.name} ${protocol} ${++counter}`);

  it.each(credentials)(
    "answers and refuses the same by rest, grpc and connect with %s",
    async (credential) => {
      await expectSame(way, example, credential);
    },
  );

  it("is answered with somebody's credentials, and refused without and with wrong ones", async () => {
    const outcomes = await Promise.all(
      credentials.map((credential) => askRest(way, example("rest"), credential)),
    );
    expect(outcomes.slice(0, 2)).toMatchObject([{ code: "unauthenticated" }, { code: "unauthenticated" }]);
    expect(outcomes.filter((outcome) => "messages" in outcome)).not.toEqual([]);
    for (const outcome of outcomes.slice(2))
      if ("code" in outcome) expect(outcome).toMatchObject({ code: "permission_denied" });
  });

  it.each(["an api key", "the management token"] as const)(
    "refuses what is wrong in the same words with %s",
    async (credential) => {
      const inPath = Object.fromEntries(
        Array.from(way.path.matchAll(/\{(\w+)/g), ([, name = ""]) => [name, "no such thing"]),
      );
      await expectSame(way, () => inPath, credential);
      const long = (protocol: string): Members =>
        JSON.parse(JSON.stringify(example(protocol)), (name, value) =>
          typeof value === "string" && /^(name|subject|project_id|model|model_name)$/.test(name)
            ? "x".repeat(2000)
            : value,
        );
      await expectSame(way, long, credential);
    },
  );
});

import {
  clone,
  create,
  createFileRegistry,
  type DescMethodUnary,
  type DescService,
  setExtension,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import {
  ChatService,
  ConfigurationService,
  Health,
  JwtService,
  KeyService,
  LlmProxyService,
  permissionOption,
} from "@llmproxy/proto";
import { describe, expect, it } from "vitest";
import { createServices } from "./create-services.ts";
import { createRpcRegistry } from "./registry.ts";
import { credential, open, operation, type Rpc, unary } from "./rpc.ts";
import { fakeCore } from "./testing/fake-core.ts";
import { fakeHealth } from "./testing/fake-health.ts";

const getKey = unary(operation, KeyService.method.getKey, async () => ({}));

/** `KeyService.GetKey` as if its proto declared another permission. */
function getKeyNeeding(permission: string | undefined): Rpc {
  const file = clone(FileDescriptorProtoSchema, KeyService.file.proto);
  const method = file.service[0]?.method.find(({ name }) => name === "GetKey");
  if (!method) throw new Error("no GetKey");
  method.options = create(MethodOptionsSchema);
  if (permission !== undefined) setExtension(method.options, permissionOption, permission);
  const dependencies = new Map(KeyService.file.dependencies.map((it) => [it.proto.name, it]));
  const service = createFileRegistry(file, (name) => dependencies.get(name)).getService(KeyService.typeName);
  const changed = (service as DescService).method.getKey as DescMethodUnary;
  return unary(operation, changed, async () => ({}));
}

describe("createRpcRegistry", () => {
  it("takes the permission of an operation from its proto", () => {
    const [registered] = createRpcRegistry([getKey]).rpcs;
    expect(registered).toMatchObject({
      path: "/llmproxy.management.v1.KeyService/GetKey",
      permission: "key:read",
    });
  });

  it.each<[string, () => Rpc[], RegExp]>([
    ["an operation without a permission", () => [getKeyNeeding(undefined)], /GetKey declares no permission/],
    ["an empty permission", () => [getKeyNeeding("")], /declares the permission "", which is not known/],
    ["a permission nobody knows", () => [getKeyNeeding("key:peek")], /"key:peek", which is not known/],
    ["a name every object has", () => [getKeyNeeding("constructor")], /"constructor", which is not known/],
    [
      "a foreign operation, which declares nothing",
      () => [unary(operation, Health.method.check, async () => ({}))],
      /Health\/Check declares no permission/,
    ],
    [
      "a public RPC that declares a permission",
      () => [unary(open, KeyService.method.getKey, async () => ({}))],
      /declares the permission key:read but is registered without one/,
    ],
    [
      "an RPC for anybody with credentials that declares a permission",
      () => [unary(credential, KeyService.method.getKey, async () => ({}))],
      /declares the permission key:read but is registered without one/,
    ],
    ["an RPC registered twice", () => [getKey, getKey], /GetKey is registered twice/],
  ])("refuses %s", (_what, rpcs, message) => {
    expect(() => createRpcRegistry(rpcs())).toThrow(message);
  });

  it("lists each service once", () => {
    const listKeys = unary(operation, KeyService.method.listKeys, async () => ({}));
    expect(createRpcRegistry([getKey, listKeys]).services).toEqual([KeyService]);
  });
});

describe("createServices", () => {
  const registry = createServices({ core: fakeCore(), health: fakeHealth() });

  it("answers every RPC of its services", () => {
    const declared = registry.services.flatMap((service) =>
      service.methods.map((method) => `/${service.typeName}/${method.name}`),
    );
    expect(registry.rpcs.map(({ path }) => path).sort()).toEqual(declared.sort());
  });

  it("leaves only health open, and asks only for credentials where somebody looks around", () => {
    const access = (kind: string): string[] =>
      registry.rpcs.filter(({ rpc }) => rpc.access.kind === kind).map(({ path }) => path);
    expect(access("public")).toEqual([
      "/grpc.health.v1.Health/Check",
      "/grpc.health.v1.Health/List",
      "/grpc.health.v1.Health/Watch",
    ]);
    expect(access("credential")).toEqual([
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ]);
    expect(access("call")).toEqual([
      `/${LlmProxyService.typeName}/Execute`,
      `/${LlmProxyService.typeName}/StreamExecute`,
      `/${ChatService.typeName}/Complete`,
      `/${ChatService.typeName}/StreamComplete`,
    ]);
  });

  it.each([
    ["the configuration", "configuration", ConfigurationService],
    ["tokens of its own", "jwt", JwtService],
  ] as const)("does not serve %s where the core has no operations for it", (_what, area, service) => {
    const core = fakeCore();
    const operations = { ...core.operations };
    delete operations[area];
    expect(registry.services).toContain(service);
    const { services } = createServices({ core: { ...core, operations }, health: fakeHealth() });
    expect(services).not.toContain(service);
  });
});

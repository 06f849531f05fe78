import { createFileRegistry, type FileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { LlmProxyService, ServerReflection, ServerReflectionV1alpha } from "@llmproxy/proto";
import { describe, expect, it } from "vitest";
import { createRpcRoutes } from "../driver/routes.ts";
import { as, testServices } from "../testing/test-services.ts";

const transport = createRouterTransport(createRpcRoutes(testServices().options));

type Question = MessageInitShape<typeof ServerReflection.method.serverReflectionInfo.input>;

/** Asks v1 one question after the other. */
async function ask(...questions: NonNullable<Question["messageRequest"]>[]) {
  const client = createClient(ServerReflection, transport);
  async function* requests() {
    for (const messageRequest of questions) yield { host: "h", messageRequest };
  }
  const answers = [];
  for await (const answer of client.serverReflectionInfo(requests(), as("auditor"))) answers.push(answer);
  return answers;
}

async function askOne(question: NonNullable<Question["messageRequest"]>) {
  const [answer] = await ask(question);
  return answer?.messageResponse;
}

async function filesOf(question: NonNullable<Question["messageRequest"]>): Promise<FileDescriptorProto[]> {
  const answer = await askOne(question);
  if (answer?.case !== "fileDescriptorResponse") return expect.unreachable(JSON.stringify(answer?.value));
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

/** What a client builds from the files it was sent. */
function registryOf([file, ...imports]: readonly FileDescriptorProto[]): FileRegistry {
  const byName = new Map(imports.map((imported) => [imported.name, imported]));
  return file ? createFileRegistry(file, (name) => byName.get(name)) : expect.unreachable();
}

describe("reflection", () => {
  it("lists every service, aliases included", async () => {
    const answer = await askOne({ case: "listServices", value: "*" });
    expect(answer).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "llmproxy.v1.LlmProxyService" },
          { name: "vibectl.llm_proxy.VibectlLLMProxy" },
          { name: "llmproxy.v1.ChatService" },
          { name: "llmproxy.management.v1.ProjectService" },
          { name: "llmproxy.management.v1.KeyService" },
          { name: "llmproxy.management.v1.ConfigurationService" },
          { name: "llmproxy.management.v1.JwtService" },
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
        ],
      },
    });
  });

  it.each([
    "llmproxy.v1.LlmProxyService",
    "llmproxy.v1.LlmProxyService.Execute",
    "llmproxy.v1.ExecuteRequest",
  ])("finds the file that declares %s, the file itself first", async (value) => {
    const [file] = await filesOf({ case: "fileContainingSymbol", value });
    expect(file?.name).toBe("llmproxy/v1/llm_proxy.proto");
  });

  it.each([
    ["grpc.health.v1.HealthCheckResponse.ServingStatus", "health/v1/health.proto"],
    ["llmproxy.options.v1.permission", "llmproxy/options/v1/options.proto"],
    ["google.protobuf.Timestamp", "google/protobuf/timestamp.proto"],
  ])("finds %s in %s", async (value, name) => {
    expect((await filesOf({ case: "fileContainingSymbol", value }))[0]?.name).toBe(name);
  });

  it("sends files from which a client can build the whole service", async () => {
    const file = await filesOf({ case: "fileContainingSymbol", value: "llmproxy.management.v1.KeyService" });
    const registry = registryOf(file);
    const { input, output } =
      registry.getService("llmproxy.management.v1.KeyService")?.method.updateKey ?? {};
    expect([input?.typeName, output?.typeName]).toEqual([
      "llmproxy.management.v1.UpdateKeyRequest",
      "llmproxy.management.v1.UpdateKeyResponse",
    ]);
  });

  it("shows an alias as a service of its own, with the same fields", async () => {
    const file = await filesOf({ case: "fileContainingSymbol", value: "vibectl.llm_proxy.VibectlLLMProxy" });
    const registry = registryOf(file);
    const service = registry.getService("vibectl.llm_proxy.VibectlLLMProxy");
    expect(service?.methods.map(({ name, methodKind }) => [name, methodKind])).toEqual(
      LlmProxyService.methods.map(({ name, methodKind }) => [name, methodKind]),
    );
    const fields = (message: { fields: readonly { name: string; number: number }[] } | undefined) =>
      message?.fields.map(({ name, number }) => [name, number]);
    expect(service?.method.execute?.output.typeName).toBe("vibectl.llm_proxy.ExecuteResponse");
    expect(fields(service?.method.execute?.output)).toEqual(fields(LlmProxyService.method.execute.output));
  });

  it("finds a file by its name and the same file by its extension", async () => {
    const name = "llmproxy/options/v1/options.proto";
    const byName = await filesOf({ case: "fileByFilename", value: name });
    const byExtension = await filesOf({
      case: "fileContainingExtension",
      value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 50701 },
    });
    expect(byName.map((file) => file.name)).toEqual([name, "google/protobuf/descriptor.proto"]);
    expect(byExtension).toEqual(byName);
  });

  it("knows the numbers of extensions, none for a message that has none", async () => {
    const numbers = async (value: string) =>
      (await askOne({ case: "allExtensionNumbersOfType", value }))?.value;
    expect(await numbers("google.protobuf.MethodOptions")).toMatchObject({
      baseTypeName: "google.protobuf.MethodOptions",
      extensionNumber: [50701, 50702, 72295728],
    });
    expect(await numbers("llmproxy.v1.ExecuteRequest")).toMatchObject({ extensionNumber: [] });
  });

  it.each<[NonNullable<Question["messageRequest"]>, number]>([
    [{ case: "fileByFilename", value: "../etc/passwd" }, Code.NotFound],
    [{ case: "fileContainingSymbol", value: "llmproxy.v1.Nothing" }, Code.NotFound],
    [{ case: "fileContainingSymbol", value: "" }, Code.NotFound],
    [
      {
        case: "fileContainingExtension",
        value: { containingType: "llmproxy.v1.ExecuteRequest", extensionNumber: 1 },
      },
      Code.NotFound,
    ],
    [{ case: "allExtensionNumbersOfType", value: "nothing" }, Code.NotFound],
    [{ case: undefined }, Code.InvalidArgument],
  ])("answers %o with an error of its own and goes on", async (question, errorCode) => {
    const answers = await ask(question, { case: "listServices", value: "" });
    expect(answers.map(({ messageResponse }) => messageResponse.case)).toEqual([
      "errorResponse",
      "listServicesResponse",
    ]);
    expect(answers[0]?.messageResponse.value).toMatchObject({ errorCode });
  });

  it("repeats host and question", async () => {
    const [answer] = await ask({ case: "listServices", value: "x" });
    expect(answer).toMatchObject({
      validHost: "h",
      originalRequest: { host: "h", messageRequest: { case: "listServices", value: "x" } },
    });
  });

  it("answers v1alpha the same", async () => {
    const client = createClient(ServerReflectionV1alpha, transport);
    async function* requests() {
      yield { messageRequest: { case: "listServices", value: "" } } as const;
      yield {
        messageRequest: { case: "fileContainingSymbol", value: "llmproxy.v1.LlmProxyService" },
      } as const;
      yield {
        messageRequest: {
          case: "fileContainingExtension",
          value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 50702 },
        },
      } as const;
    }
    const cases = [];
    for await (const { messageResponse } of client.serverReflectionInfo(requests(), as("key")))
      cases.push(messageResponse.case);
    expect(cases).toEqual(["listServicesResponse", "fileDescriptorResponse", "fileDescriptorResponse"]);
  });

  it("needs credentials, whoever's", async () => {
    const client = createClient(ServerReflection, transport);
    async function* requests() {
      yield { messageRequest: { case: "listServices", value: "" } } as const;
    }
    const read = async (headers: Record<string, string>) => {
      for await (const answer of client.serverReflectionInfo(requests(), { headers })) return answer;
      return undefined;
    };
    await expect(read({})).rejects.toMatchObject({ code: Code.Unauthenticated });
    await expect(read({ authorization: "Bearer wrong" })).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
    await expect(read(as("key").headers)).resolves.toBeDefined();
  });
});

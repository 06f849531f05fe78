/**
 * What clients and other tools rely on: numbers of fields, permissions and REST paths.
 *
 * @module
 */

import {
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  ChatService,
  ConfigurationService,
  CreateKeyResponseSchema,
  ErrorInfoSchema,
  ExecuteErrorSchema,
  ExecuteRequestSchema,
  ExecuteResponseSchema,
  ExecuteSuccessSchema,
  ExecutionMetricsSchema,
  GetServerInfoRequestSchema,
  GetServerInfoResponseSchema,
  type HttpRule,
  httpOption,
  JwtService,
  KeySchema,
  KeyService,
  LlmProxyService,
  ModelInfoSchema,
  ProjectService,
  permissionOption,
  RetryInfoSchema,
  ServerLimitsSchema,
  StreamChunkSchema,
  StreamCompleteSchema,
  successStatusOption,
} from "./index.ts";

const services: readonly DescService[] = [
  LlmProxyService,
  ChatService,
  ProjectService,
  KeyService,
  ConfigurationService,
  JwtService,
];
const methods = services.flatMap((service) => service.methods);

/** A field as one writes it in a proto file, without its type's package. */
function fieldsOf(message: DescMessage): string[] {
  return message.fields.map((field) => {
    const { number, fieldKind } = field;
    const type = field.message?.name ?? (field.proto.type === 9 ? "string" : String(field.scalar));
    const label = fieldKind === "list" ? "repeated " : field.proto.proto3Optional ? "optional " : "";
    const within = field.oneof ? `${field.oneof.name}.` : "";
    return `${label}${fieldKind === "map" ? "map" : type} ${within}${field.name}=${number}`;
  });
}

/** Scalar types by their number in descriptor.proto. */
const double = "1";
const int64 = "3";
const int32 = "5";
const bool = "8";

describe("messages of existing clients", () => {
  it.each<[DescMessage, string[]]>([
    [
      ExecuteRequestSchema,
      [
        "repeated string system_fragments=1",
        "repeated string user_fragments=2",
        "optional string model_name=3",
        "optional string response_model_schema=4",
        "string request_id=5",
      ],
    ],
    [
      ExecuteResponseSchema,
      ["string request_id=1", "ExecuteSuccess result.success=2", "ExecuteError result.error=3"],
    ],
    [
      ExecuteSuccessSchema,
      ["string response_text=1", "ExecutionMetrics metrics=2", "string actual_model_used=3"],
    ],
    [
      ExecuteErrorSchema,
      ["string error_code=1", "string error_message=2", "optional string error_details=3"],
    ],
    [
      StreamChunkSchema,
      [
        "string request_id=1",
        "string chunk_type.text_chunk=2",
        "ExecutionMetrics chunk_type.final_metrics=3",
        "ExecuteError chunk_type.error=4",
        "StreamComplete chunk_type.complete=5",
      ],
    ],
    [StreamCompleteSchema, ["string actual_model_used=1"]],
    [
      ExecutionMetricsSchema,
      [
        `${int64} duration_ms=1`,
        `optional ${int32} input_tokens=2`,
        `optional ${int32} output_tokens=3`,
        `optional ${int32} total_tokens=4`,
        `optional ${double} cost_usd=5`,
        `${int32} retry_count=6`,
        `${int64} timestamp=7`,
      ],
    ],
    [GetServerInfoRequestSchema, []],
    [
      GetServerInfoResponseSchema,
      [
        "repeated ModelInfo available_models=1",
        "string default_model=2",
        "ServerLimits limits=3",
        "string server_version=4",
        "map model_aliases=5",
        "string server_name=6",
      ],
    ],
    [
      ModelInfoSchema,
      [
        "string model_id=1",
        "string display_name=2",
        "string provider=3",
        `${bool} supports_streaming=4`,
        `optional ${int32} max_context_length=5`,
        "repeated string aliases=6",
      ],
    ],
    [
      ServerLimitsSchema,
      [
        `optional ${int32} max_requests_per_minute=1`,
        `optional ${int32} max_concurrent_requests=2`,
        `optional ${int32} max_input_length=3`,
        `optional ${int32} request_timeout_seconds=4`,
      ],
    ],
  ])("%o keep their fields and numbers", (message, fields) => {
    expect(fieldsOf(message)).toEqual(fields);
  });

  it.each([
    ["GetServerInfo", "unary", GetServerInfoRequestSchema, GetServerInfoResponseSchema],
    ["Execute", "unary", ExecuteRequestSchema, ExecuteResponseSchema],
    ["StreamExecute", "server_streaming", ExecuteRequestSchema, StreamChunkSchema],
  ])("%s stays %s", (name, kind, input, output) => {
    const method = LlmProxyService.methods.find((candidate) => candidate.name === name);
    expect(method).toMatchObject({ methodKind: kind, input, output });
  });
});

describe("error details", () => {
  it("have Google's names and numbers", () => {
    expect(ErrorInfoSchema.typeName).toBe("google.rpc.ErrorInfo");
    expect(fieldsOf(ErrorInfoSchema)).toEqual(["string reason=1", "string domain=2", "map metadata=3"]);
    expect(RetryInfoSchema.typeName).toBe("google.rpc.RetryInfo");
    expect(fieldsOf(RetryInfoSchema)).toEqual(["Duration retry_delay=1"]);
  });
});

describe("keys", () => {
  it("show the key itself in the answer to CreateKey and nowhere else", () => {
    expect(fieldsOf(CreateKeyResponseSchema)).toEqual(["Key key=1", "string secret=2"]);
    expect(KeySchema.fields.map(({ name }) => name)).toEqual([
      "id",
      "project_id",
      "name",
      "created_at",
      "expires_at",
      "revoked_at",
      "allowed_models",
      "metadata",
    ]);
  });
});

describe("method options", () => {
  it("give every RPC the permission it needs", () => {
    const permissions = methods.map((method) => [nameOf(method), getOption(method, permissionOption)]);
    expect(Object.fromEntries(permissions)).toEqual({
      "LlmProxyService.GetServerInfo": "server:read",
      "LlmProxyService.Execute": "completion:create",
      "LlmProxyService.StreamExecute": "completion:create",
      "ChatService.Complete": "completion:create",
      "ChatService.StreamComplete": "completion:create",
      "ProjectService.CreateProject": "project:write",
      "ProjectService.GetProject": "project:read",
      "ProjectService.ListProjects": "project:read",
      "ProjectService.UpdateProject": "project:write",
      "KeyService.CreateKey": "key:write",
      "KeyService.GetKey": "key:read",
      "KeyService.ListKeys": "key:read",
      "KeyService.UpdateKey": "key:write",
      "KeyService.RevokeKey": "key:write",
      "ConfigurationService.GetConfiguration": "config:read",
      "ConfigurationService.SetOverride": "config:write",
      "ConfigurationService.DeleteOverride": "config:write",
      "JwtService.IssueJwt": "jwt:issue",
    });
  });

  it("give every RPC a REST path", () => {
    expect(methods.flatMap(routesOf)).toEqual([
      "GET /v1/server-info",
      "POST /v1/execute",
      "POST /v1/execute:stream",
      "POST /v1/chat:complete",
      "POST /v1/chat:stream",
      "POST /manage/projects",
      "GET /manage/projects/{id}",
      "GET /manage/projects",
      "PATCH /manage/projects/{id}",
      "PUT /manage/projects/{id}",
      "POST /manage/tokens",
      "GET /manage/tokens/{id}",
      "GET /manage/tokens",
      "PATCH /manage/tokens/{id}",
      "PUT /manage/tokens/{id}",
      "DELETE /manage/tokens/{id}",
      "GET /manage/configuration",
      "PUT /manage/configuration/overrides/{path}",
      "DELETE /manage/configuration/overrides/{path}",
      "POST /manage/jwts",
    ]);
  });

  it("declare the statuses of success that are not 200", () => {
    const declared = methods.filter((method) => hasOption(method, successStatusOption));
    const statuses = declared.map((method) => [method.name, getOption(method, successStatusOption)]);
    expect(Object.fromEntries(statuses)).toEqual({
      CreateProject: 201,
      RevokeKey: 204,
      DeleteOverride: 204,
      IssueJwt: 201,
    });
  });

  it("let nothing that changes something be called by Connect's GET", () => {
    const readable = methods.filter((method) => method.idempotency === 1).map(({ name }) => name);
    expect(readable).toEqual([
      "GetServerInfo",
      "GetProject",
      "ListProjects",
      "GetKey",
      "ListKeys",
      "GetConfiguration",
    ]);
  });
});

function nameOf(method: DescMethod): string {
  return `${method.parent.name}.${method.name}`;
}

function routesOf(method: DescMethod): string[] {
  const rule = getOption(method, httpOption);
  return [rule, ...rule.additionalBindings].map(routeOf);
}

function routeOf({ pattern }: HttpRule): string {
  if (pattern.case === undefined || pattern.case === "custom") throw new Error("expected a verb");
  return `${pattern.case.toUpperCase()} ${pattern.value}`;
}

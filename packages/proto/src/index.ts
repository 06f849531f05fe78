/**
 * The messages and services of the llmproxy API, generated from `proto/`.
 *
 * @module
 */

export { http as httpOption } from "./gen/google/api/annotations_pb.ts";
export {
  type HttpRule,
  HttpRuleSchema,
} from "./gen/google/api/http_pb.ts";
export {
  type ErrorInfo,
  ErrorInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.ts";
export { ServerReflection } from "./gen/grpc/reflection/v1/reflection_pb.ts";
export { ServerReflection as ServerReflectionV1alpha } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
export {
  Health,
  type HealthCheckRequest,
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponse_ServingStatusSchema,
  HealthCheckResponseSchema,
  type HealthListRequest,
  HealthListRequestSchema,
  type HealthListResponse,
  HealthListResponseSchema,
} from "./gen/health/v1/health_pb.ts";
export {
  type CreateKeyRequest,
  CreateKeyRequestSchema,
  type CreateKeyResponse,
  CreateKeyResponseSchema,
  type GetKeyRequest,
  GetKeyRequestSchema,
  type GetKeyResponse,
  GetKeyResponseSchema,
  type Key,
  KeySchema,
  KeyService,
  type ListKeysRequest,
  ListKeysRequestSchema,
  type ListKeysResponse,
  ListKeysResponseSchema,
  type RevokeKeyRequest,
  RevokeKeyRequestSchema,
  type RevokeKeyResponse,
  RevokeKeyResponseSchema,
  type UpdateKeyRequest,
  UpdateKeyRequestSchema,
  type UpdateKeyResponse,
  UpdateKeyResponseSchema,
} from "./gen/llmproxy/management/v1/key_pb.ts";
export {
  type CreateProjectRequest,
  CreateProjectRequestSchema,
  type CreateProjectResponse,
  CreateProjectResponseSchema,
  type GetProjectRequest,
  GetProjectRequestSchema,
  type GetProjectResponse,
  GetProjectResponseSchema,
  type ListProjectsRequest,
  ListProjectsRequestSchema,
  type ListProjectsResponse,
  ListProjectsResponseSchema,
  type Project,
  ProjectSchema,
  ProjectService,
  type UpdateProjectRequest,
  UpdateProjectRequestSchema,
  type UpdateProjectResponse,
  UpdateProjectResponseSchema,
} from "./gen/llmproxy/management/v1/project_pb.ts";
export {
  permission as permissionOption,
  success_status as successStatusOption,
} from "./gen/llmproxy/options/v1/options_pb.ts";
export {
  type ExecuteError,
  ExecuteErrorSchema,
  type ExecuteRequest,
  ExecuteRequestSchema,
  type ExecuteResponse,
  ExecuteResponseSchema,
  type ExecuteSuccess,
  ExecuteSuccessSchema,
  type ExecutionMetrics,
  ExecutionMetricsSchema,
  type GetServerInfoRequest,
  GetServerInfoRequestSchema,
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
  LlmProxyService,
  type ModelInfo,
  ModelInfoSchema,
  type ServerLimits,
  ServerLimitsSchema,
  type StreamChunk,
  StreamChunkSchema,
  type StreamComplete,
  StreamCompleteSchema,
} from "./gen/llmproxy/v1/llm_proxy_pb.ts";

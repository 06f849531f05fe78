export type {
  Collected,
  CollectedChoice,
  CollectedToolCall,
  ModelDefinition,
} from "@llmproxy/proxy-core";
export {
  type Attempt,
  type Authenticator,
  type Call,
  type CallRecord,
  type ChatMessage,
  type ChatRequest,
  type Content,
  type Credentials,
  type Handler,
  type LlmRequest,
  type Logger,
  type ModelInfo,
  noUsage,
  type Part,
  type Principal,
  type Provider,
  type ProviderCall,
  ProxyError,
  type Reply,
  type ReplyEnd,
  Secret,
  type Stage,
  type Tool,
  type Usage,
  type UsageJournal,
} from "@llmproxy/spec";
export type { AskMessage, AskOptions } from "./ask.ts";
export { type ChatCall, createLlmProxy, type LlmProxy } from "./create-llm-proxy.ts";
export { createReply, type ReplyOptions } from "./create-reply.ts";
export type { ClientAddress } from "./http/client-address.ts";
export { type Cors, type CorsPolicy, createCors } from "./http/cors.ts";
export { type ErrorWriter, writeErrorResponse } from "./http/error-response.ts";
export type { HttpHandler, HttpRequest, HttpResponse } from "./http/exchange.ts";
export type { FetchHandler } from "./http/fetch-handler.ts";
export type { LlmHttp } from "./http/llm-http.ts";
export type { NodeHandler } from "./http/node-handler.ts";
export { requestIdOf } from "./ids.ts";
export type { PreparedUpdate } from "./model-routing.ts";
export type { PageInput } from "./operations/check.ts";
export type {
  CreatedKey,
  CreateKeyInput,
  KeyOperations,
  ListKeysInput,
  UpdateKeyInput,
} from "./operations/keys.ts";
export { createManagementOperations, type ManagementOperations } from "./operations/operations.ts";
export type { OperationPorts } from "./operations/ports.ts";
export type { CreateProjectInput, ProjectOperations, UpdateProjectInput } from "./operations/projects.ts";
export type { ServerInfo, ServerOperations } from "./operations/server.ts";
export type {
  HttpOptions,
  LlmProxyOptions,
  LlmProxyUpdate,
  ModelOptions,
  ProviderInput,
} from "./options.ts";
export type { CustomStages } from "./pipeline.ts";

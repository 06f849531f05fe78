export {
  type ChatCall,
  createLlmProxy,
  type HttpOptions,
  type LlmProxy,
  type LlmProxyOptions,
} from "./create-llm-proxy.ts";
export type { ClientAddress } from "./http/client-address.ts";
export type { HttpHandler, HttpRequest, HttpResponse } from "./http/exchange.ts";
export type { LlmHttp } from "./http/llm-http.ts";
export { requestIdOf } from "./ids.ts";
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

/**
 * The RPC services and the drivers that serve them.
 *
 * @module
 */

export { aliasesOf, resolveAlias, serviceAliases } from "./aliases.ts";
export { createServices, type ServicesOptions } from "./create-services.ts";
export { type GateOptions, passGate } from "./driver/gate.ts";
export {
  createRpcHandler,
  type NodeBridge,
  type NodeRequest,
  type NodeResponse,
  type RpcHandler,
  type RpcHandlerOptions,
} from "./driver/node-handler.ts";
export { type ObservedRun, observeStream } from "./driver/observe-stream.ts";
export { createRpcObserver, type RpcEnd, type RpcObserver } from "./driver/observer.ts";
export { defaultLimits, type RpcLimits, type RpcRoutesOptions, type RpcShield } from "./driver/options.ts";
export { createRpcRoutes } from "./driver/routes.ts";
export { nobody, RpcRun, type RpcRunOptions } from "./driver/rpc-run.ts";
export { untilAbort } from "./driver/signal.ts";
export { createRpcRegistry, type RegisteredRpc, type RpcRegistry } from "./registry.ts";
export { requestIdOf } from "./request-id.ts";
export {
  type BidiStreamRpc,
  bidiStream,
  credential,
  open,
  operation,
  type Rpc,
  type RpcAccess,
  type RpcOutput,
  type ServerStreamRpc,
  serverStream,
  type UnaryRpc,
  unary,
} from "./rpc.ts";
export type { RequestHeaders, ResponseHeaders, RpcContext } from "./rpc-context.ts";
export { chatRpcs } from "./services/chat.ts";
export { configurationRpcs } from "./services/configuration.ts";
export { healthRpcs } from "./services/health.ts";
export { jwtRpcs } from "./services/jwt.ts";
export { keyRpcs } from "./services/keys.ts";
export { llmProxyRpcs } from "./services/llm-proxy.ts";
export { projectRpcs } from "./services/projects.ts";
export { reflectionRpcs } from "./services/reflection.ts";
export type {
  CallInput,
  ConfigurationOperations,
  ConfigurationView,
  CreateKeyInput,
  IssueJwtInput,
  JwtOperations,
  KeyOperations,
  PageInput,
  ProjectOperations,
  ServerInfo,
  ServerLimits,
  ServicesCore,
  SettingView,
  UpdateKeyInput,
  UpdateProjectInput,
} from "./services-core.ts";

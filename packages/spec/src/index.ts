export type { Attempt, Call, CallPhase, Handler, RequestReader, Stage, TraceContext } from "./call.ts";
export type {
  AudioContent,
  ChatMessage,
  ChatRequest,
  Content,
  Extra,
  FileContent,
  ImageContent,
  MediaSource,
  MessageRole,
  OpaqueContent,
  ReasoningContent,
  RefusalContent,
  ResponseFormat,
  Sampling,
  TextContent,
  Tool,
  ToolCallContent,
  ToolChoice,
  ToolResultContent,
} from "./chat.ts";
export { type Clock, systemClock, type Timer } from "./clock.ts";
export type { DialectName } from "./dialect.ts";
export {
  type ErrorCode,
  type ErrorRow,
  errorTable,
  type GrpcStatus,
  ProxyError,
  type ProxyErrorDetails,
  type VendorError,
} from "./error.ts";
export type { EventBus, KeyChanged, ProjectChanged, ProxyEvent } from "./event.ts";
export type { Health, HealthCheckResult, HealthStatus } from "./health.ts";
export type { Authenticator, Credentials, Permission, Principal, Role } from "./identity.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export { type LogFields, type Logger, silentLogger } from "./logger.ts";
export {
  type Counter,
  type Gauge,
  type Histogram,
  type InstrumentOptions,
  type Labels,
  type Meter,
  silentMeter,
} from "./meter.ts";
export type { ModelInfo, Pick, Picker, Route, Target } from "./model.ts";
export type {
  FinishPart,
  FinishReason,
  LogprobsPart,
  OpaquePart,
  Part,
  ReasoningDeltaPart,
  RefusalDeltaPart,
  StartPart,
  TextDeltaPart,
  ToolCallDeltaPart,
  ToolCallStartPart,
  UsagePart,
} from "./part.ts";
export type { Provider, ProviderCall } from "./provider.ts";
export type {
  AttemptRecord,
  CallRecord,
  KeyPatch,
  KeyRecord,
  ProjectPatch,
  ProjectRecord,
} from "./record.ts";
export type { FramesReply, Outcome, PartsReply, Reply, ReplyBase, ReplyEnd } from "./reply.ts";
export type { ByteSpan, LlmOperation, LlmRequest, WireBody } from "./request.ts";
export { Secret } from "./secret.ts";
export type {
  KeyStore,
  Page,
  PageRequest,
  ProjectStore,
  Store,
  UsageJournal,
  UsageStore,
} from "./store.ts";
export { noUsage, type Usage } from "./usage.ts";

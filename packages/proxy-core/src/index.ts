export {
  type Collected,
  type CollectedChoice,
  type CollectedToolCall,
  type Collector,
  collect,
  createCollector,
} from "./collect.ts";
export { createDeadline, type Deadline, type DeadlineOptions } from "./deadline.ts";
export { anthropicMessages } from "./dialects/anthropic-messages/index.ts";
export { readCountTokensRequest } from "./dialects/anthropic-messages/request.ts";
export type {
  Dialect,
  FrameObserver,
  Observation,
  RelayOptions,
  StreamReader,
  StreamWriter,
  StreamWriterOptions,
} from "./dialects/dialect.ts";
export { type Dialects, dialects } from "./dialects/dialects.ts";
export { openaiChat } from "./dialects/openai-chat/index.ts";
export { type FramesOptions, framesOf, partsOf } from "./frames.ts";
export type { Lookup, ResolvedAddress } from "./http/connector.ts";
export type { UpstreamRequest } from "./http/exchange.ts";
export { type FetchDocumentOptions, fetchDocument } from "./http/fetch-document.ts";
export {
  createUpstreamClient,
  type UpstreamClient,
  type UpstreamClientOptions,
} from "./http/upstream-client.ts";
export type { UpstreamResponse } from "./http/upstream-response.ts";
export { defaultTimeouts, type UpstreamTimeouts } from "./http/watchdog.ts";
export { type JsonBody, type ReadJsonBodyOptions, readJsonBody } from "./json/read.ts";
export { defaultJsonLimits, type JsonLimits } from "./json/scan.ts";
export { type AnthropicProviderOptions, createAnthropicProvider } from "./providers/anthropic.ts";
export {
  type AnthropicDefinition,
  createProvider,
  type EchoDefinition,
  type OpenAiCompatibleDefinition,
  type OpenAiDefinition,
  type ProviderDefinition,
  type ProviderPorts,
} from "./providers/create-provider.ts";
export { createEchoProvider, type EchoProviderOptions } from "./providers/echo.ts";
export type { HttpProviderOptions } from "./providers/http-provider.ts";
export { createOpenAiProvider, type OpenAiProviderOptions } from "./providers/openai.ts";
export { createOpenAiCompatibleProvider } from "./providers/openai-compatible.ts";
export type { ConfiguredHeaders } from "./providers/request-headers.ts";
export { estimateInputTokens } from "./relay/estimate-usage.ts";
export { type RelayReplyOptions, relayReply } from "./relay/relay.ts";
export { createScrubber, type Scrubber } from "./relay/scrub.ts";
export { createReplyEnding, type ReplyEnding } from "./reply-end.ts";
export { createTokenCounter, type TokenCounter, type TokenCountResult } from "./routing/count-tokens.ts";
export type { ModelDefinition } from "./routing/model-definition.ts";
export {
  createModelRegistry,
  type ModelRegistry,
  type ModelRegistryOptions,
} from "./routing/model-registry.ts";
export { createPriorityPicker } from "./routing/priority.ts";
export { createRouter } from "./routing/route-call.ts";
export type { RouterOptions } from "./routing/walk-targets.ts";

export {
  type Collected,
  type CollectedChoice,
  type CollectedToolCall,
  type Collector,
  collect,
  createCollector,
} from "./collect.ts";
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
export { type JsonBody, type ReadJsonBodyOptions, readJsonBody } from "./json/read.ts";
export { defaultJsonLimits, type JsonLimits } from "./json/scan.ts";
export { createEchoProvider, type EchoProviderOptions } from "./providers/echo.ts";

export { anthropicEvent, anthropicEventStream } from "./anthropic-event-stream.ts";
export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export {
  type Answer,
  type AnswerHead,
  type AnswerScript,
  answerByPath,
  type Chunk,
  type Fault,
  jsonAnswer,
  type Pacing,
  type RawAnswer,
  type StreamAnswer,
  type UnaryAnswer,
} from "./fake-upstream/answer.ts";
export {
  type AnthropicModel,
  type AnthropicRecordingOptions,
  type AnthropicTextOptions,
  type AnthropicToolUse,
  anthropicError,
  anthropicMessages,
  anthropicModels,
  anthropicTokenCount,
} from "./fake-upstream/anthropic-answers.ts";
export {
  createFakeUpstream,
  type FakeUpstream,
  type FakeUpstreamOptions,
} from "./fake-upstream/fake-upstream.ts";
export {
  type OpenaiRecordingOptions,
  type OpenaiTextOptions,
  openaiChat,
  openaiError,
  openaiModels,
} from "./fake-upstream/openai-answers.ts";
export type { ReceivedRequest } from "./fake-upstream/received-request.ts";
export { createFaultProxy, type FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
export { freePort } from "./free-port.ts";
export { expectNoLeaks, type LeakCheckOptions } from "./leak-check.ts";
export { createMemoryLogger, type LogEntry, type LogLevel, type MemoryLogger } from "./memory-logger.ts";
export { createMemoryMeter, type MemoryMeter } from "./memory-meter.ts";
export { openaiDone, openaiEvent, openaiEventStream } from "./openai-event-stream.ts";
export {
  checkComponents,
  type Environment,
  findComponent,
  type RealComponent,
} from "./real-components.ts";
export {
  loadRecording,
  loadRecordings,
  type Recording,
  type RecordingFormat,
  type StreamRecording,
  type UnaryRecording,
} from "./recordings.ts";
export { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";
export { until } from "./until.ts";

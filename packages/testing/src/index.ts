export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export { freePort } from "./free-port.ts";
export { expectNoLeaks, type LeakCheck, type LeakCheckOptions, leakCheck } from "./leak-check.ts";
export { createMemoryLogger, type LogEntry, type LogLevel, type MemoryLogger } from "./memory-logger.ts";
export { createMemoryMeter, type MemoryMeter } from "./memory-meter.ts";
export { openaiDone, openaiEvent, openaiEventStream } from "./openai-event-stream.ts";
export {
  loadRecording,
  loadRecordings,
  type Recording,
  type RecordingFormat,
  type StreamRecording,
  type UnaryRecording,
} from "./recordings.ts";
export { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";

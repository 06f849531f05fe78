export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export { openaiDone, openaiEvent, openaiEventStream } from "./openai-event-stream.ts";
export {
  loadRecording,
  loadRecordings,
  type Recording,
  type RecordingFormat,
  type StreamRecording,
  type UnaryRecording,
} from "./recordings.ts";

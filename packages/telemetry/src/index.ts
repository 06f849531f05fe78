export type { LogDestination } from "./line-buffer.ts";
export { createLogger, type LoggerOptions, type LogLevel, type RootLogger } from "./logger.ts";
export { createScrubber, type Scrubber } from "./scrubber.ts";
export { newTraceContext, readTraceparent, writeTraceparent } from "./trace-context.ts";

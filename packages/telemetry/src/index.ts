export {
  createHealth,
  type HealthCheck,
  type HealthCheckOptions,
  type HealthOptions,
  type ManagedHealth,
} from "./health.ts";
export type { LogDestination } from "./line-buffer.ts";
export type { LogLevel } from "./log-level.ts";
export { createLogger, type LoggerOptions, type RootLogger } from "./logger.ts";
export { createMeter, type MeterOptions, type Metrics } from "./meter.ts";
export { createScrubber, type Scrubber } from "./scrubber.ts";
export { newTraceContext, readTraceparent, writeTraceparent } from "./trace-context.ts";

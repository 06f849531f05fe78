/**
 * Protects a process from too much: addresses, concurrency, overload.
 *
 * @module
 */

export {
  createOverloadMonitor,
  type OverloadCause,
  type OverloadMonitor,
  type OverloadMonitorOptions,
  type OverloadState,
} from "./overload-monitor.ts";
export { createProcessProbes, type OverloadProbes } from "./process-probes.ts";
export {
  createShield,
  type Shield,
  type ShieldDecision,
  type ShieldOptions,
  type ShieldRefusal,
} from "./shield.ts";

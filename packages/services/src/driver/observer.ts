/**
 * Counts, times and logs RPCs when they have ended.
 *
 * @module
 */

import type { Clock, LogFields, Logger, Meter, ProxyError } from "@llmproxy/spec";
import type { RegisteredRpc } from "../registry.ts";

/** How an RPC ended. */
export interface RpcEnd {
  readonly registered: RegisteredRpc;
  readonly requestId: string;
  /** Absent when nobody was admitted. */
  readonly principalId: string | undefined;
  readonly clientAddress: string | undefined;
  /** On `Clock.monotonic`. */
  readonly startedMs: number;
  /** Empty on success, else the code of the error, or the status where the protocol was broken. */
  readonly code: string;
  /** The failure; absent on success and where the protocol was broken. */
  readonly error: ProxyError | undefined;
  /** Whether the core's pipeline has seen the RPC and accounts for it. */
  readonly isCall: boolean;
}

/** Takes note of an RPC that has ended. */
export type RpcObserver = (end: RpcEnd) => void;

/** Upper bounds in seconds: from a look into memory to the longest stream. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Makes an observer; the instruments are made once. */
export function createRpcObserver(clock: Clock, logger: Logger, meter: Meter): RpcObserver {
  const rpcs = meter.counter({
    name: "llmproxy_rpcs_total",
    help: "RPCs that have ended, by method and error code; the code is empty on success.",
    labels: ["method", "code"],
  });
  const duration = meter.histogram({
    name: "llmproxy_rpc_duration_seconds",
    help: "Time from the headers of an RPC to its end.",
    labels: ["method"],
    buckets: durationBuckets,
  });
  return (end) => {
    const method = end.registered.path.slice(1);
    const durationMs = clock.monotonic() - end.startedMs;
    rpcs.add({ method, code: end.code });
    duration.record({ method }, durationMs / 1000);
    log(logger, end, durationMs);
  };
}

/** Calls have their access line from the core; probes would drown everything else. */
function log(logger: Logger, end: RpcEnd, durationMs: number): void {
  const fields = { ...rpcFields(end), duration_ms: Math.round(durationMs * 10) / 10 };
  if (end.isCall || (end.registered.rpc.access.kind === "public" && end.error?.code !== "internal"))
    logger.debug(fields, "rpc");
  else if (end.error?.code === "internal") logger.error(fields, "rpc");
  else logger.info(fields, "rpc");
}

function rpcFields({ registered, requestId, principalId, clientAddress, code, error }: RpcEnd): LogFields {
  return {
    request_id: requestId,
    endpoint: registered.path,
    ...(principalId !== undefined && { principal: principalId }),
    ...(clientAddress !== undefined && { client: clientAddress }),
    ...(code !== "" && { code }),
    ...(error?.reason !== undefined && { reason: error.reason }),
    ...(error?.field !== undefined && { field: error.field }),
    // A caller's mistake explains itself by its code; what went wrong on our side needs the cause.
    ...(error && error.status >= 500 && { message: error.message, error: error.cause ?? error }),
  };
}

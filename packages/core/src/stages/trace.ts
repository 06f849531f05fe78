/**
 * Gives a call its trace and its logger, and writes the one access line when it ends.
 *
 * @module
 */

import type { Call, Clock, LogFields, Logger, Stage, Usage } from "@llmproxy/spec";
import { type CallEnd, observeEnd } from "../call-end.ts";
import { continueTrace } from "../trace-context.ts";

/** A model name is the client's choice; the log needs no more of it. */
const maxModelLength = 128;

/**
 * @param logger - gets one `call` event per call; prompts and answers are never in it
 * @param clock - for the duration
 */
export function trace(logger: Logger, clock: Clock): Stage {
  return (next) => {
    const observed = observeEnd(next, (call, end) => {
      const fields = accessFields(call, end, clock.monotonic());
      if (end.outcome === "failed" && end.error?.code === "internal") call.logger.error(fields, "call");
      else call.logger.info(fields, "call");
    });
    return (call) => {
      call.trace = continueTrace(call.traceparent);
      call.logger = logger.child({ request_id: call.id, trace_id: call.trace.traceId });
      return observed(call);
    };
  };
}

function accessFields(call: Call, end: CallEnd, nowMs: number): LogFields {
  const last = call.attempts.at(-1);
  return {
    endpoint: call.endpoint,
    outcome: end.outcome,
    ...(end.error && failureFields(end)),
    ...(call.principal && { principal: call.principal.id, project: call.principal.projectId }),
    ...(call.request && { model: call.request.model.slice(0, maxModelLength), stream: call.request.stream }),
    ...(last && {
      provider: last.target.provider,
      target: last.target.model,
      attempts: call.attempts.length,
    }),
    ...(call.clientAddress !== undefined && { client: call.clientAddress }),
    duration_ms: round(nowMs - call.startedMs),
    ...(last?.firstOutputMs !== undefined && { first_output_ms: round(last.firstOutputMs - call.startedMs) }),
    ...(end.usage && usageFields(end.usage)),
  };
}

function failureFields(end: CallEnd): LogFields {
  const { error } = end;
  if (!error) return {};
  return {
    code: error.code,
    status: error.status,
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(error.field !== undefined && { field: error.field }),
    // A caller's mistake explains itself by its code; what went wrong on our side needs the cause.
    ...(error.status >= 500 && {
      message: error.message,
      ...(error.cause !== undefined && { error: error.cause }),
    }),
  };
}

function usageFields(usage: Usage): LogFields {
  return {
    input_tokens:
      usage.inputTokens +
      usage.cacheReadTokens +
      usage.cacheWriteTokens +
      usage.cacheWriteHourTokens +
      usage.audioInputTokens,
    output_tokens: usage.outputTokens + usage.reasoningTokens + usage.audioOutputTokens,
  };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/**
 * Gives a call its trace and its logger, and writes the one access line when it ends.
 *
 * @module
 */

import type { Call, Clock, LogFields, Logger, ProxyError, Stage, Usage } from "@llmproxy/spec";
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

/** The logger leaves out what is undefined; one literal is far cheaper than spreading what is there. */
function accessFields(call: Call, end: CallEnd, nowMs: number): LogFields {
  const { request, principal } = call;
  const { error, usage } = end;
  const last = call.attempts.at(-1);
  const firstOutputMs = last?.firstOutputMs;
  return {
    endpoint: call.endpoint,
    outcome: end.outcome,
    ...(error && failureFields(error)),
    principal: principal?.id,
    project: principal?.projectId,
    model: request?.model.slice(0, maxModelLength),
    stream: request?.stream,
    provider: last?.target.provider,
    target: last?.target.model,
    attempts: last && call.attempts.length,
    client: call.clientAddress,
    duration_ms: round(nowMs - call.startedMs),
    first_output_ms: firstOutputMs === undefined ? undefined : round(firstOutputMs - call.startedMs),
    input_tokens: usage && inputTokens(usage),
    output_tokens: usage && usage.outputTokens + usage.reasoningTokens + usage.audioOutputTokens,
  };
}

function failureFields(error: ProxyError): LogFields {
  return {
    code: error.code,
    status: error.status,
    reason: error.reason,
    field: error.field,
    // A caller's mistake explains itself by its code; what went wrong on our side needs the cause.
    ...(error.status >= 500 && { message: error.message, error: error.cause }),
  };
}

function inputTokens(usage: Usage): number {
  const cached = usage.cacheReadTokens + usage.cacheWriteTokens + usage.cacheWriteHourTokens;
  return usage.inputTokens + cached + usage.audioInputTokens;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

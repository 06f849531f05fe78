/**
 * Writes one record per call of an admitted caller, when it ends.
 *
 * @module
 */

import type { Attempt, AttemptRecord, Call, CallRecord, Clock, Stage, UsageJournal } from "@llmproxy/spec";
import { type CallEnd, observeEnd } from "../call-end.ts";
import { newId } from "../ids.ts";

/**
 * @param journal - takes the records; without one nothing is recorded
 * @param clock - for times and ids
 */
export function journal(journal: UsageJournal | undefined, clock: Clock): Stage {
  return (next) =>
    journal ? observeEnd(next, (call, end) => journal.append(recordOf(call, end, clock))) : next;
}

function recordOf(call: Call, end: CallEnd, clock: Clock): CallRecord {
  const nowMs = clock.monotonic();
  const { principal, request, route } = call;
  return {
    requestId: call.id,
    recordId: newId(clock.now()),
    startedAt: call.startedAt,
    durationMs: nowMs - call.startedMs,
    endpoint: call.endpoint,
    ...(principal?.projectId !== undefined && { projectId: principal.projectId }),
    ...(principal?.kind === "key" && { keyId: principal.id }),
    // A name that led nowhere is whatever the client wrote: of any length, perhaps a secret in the wrong place.
    ...(request && route && { requestedModel: request.model, route: route.name }),
    attempts: call.attempts.map((attempt) => attemptRecordOf(attempt, call.startedMs, nowMs)),
    outcome: end.outcome,
    ...(end.error && { errorCode: end.error.code }),
    ...(end.usage && { usage: end.usage }),
  };
}

function attemptRecordOf(attempt: Attempt, callStartedMs: number, nowMs: number): AttemptRecord {
  return {
    target: attempt.target,
    outcome: attempt.outcome ?? "canceled",
    startMs: attempt.startedMs - callStartedMs,
    ...(attempt.firstOutputMs !== undefined && { firstOutputMs: attempt.firstOutputMs - attempt.startedMs }),
    durationMs: (attempt.endedMs ?? nowMs) - attempt.startedMs,
    ...(attempt.errorCode !== undefined && { errorCode: attempt.errorCode }),
  };
}

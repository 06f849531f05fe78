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

/** Members that may be absent are set one by one: spreading them costs more than all the rest. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

function recordOf(call: Call, end: CallEnd, clock: Clock): CallRecord {
  const nowMs = clock.monotonic();
  const { principal, request, route } = call;
  const record: Draft<CallRecord> = {
    requestId: call.id,
    recordId: newId(clock.now()),
    startedAt: call.startedAt,
    durationMs: nowMs - call.startedMs,
    endpoint: call.endpoint,
    attempts: call.attempts.map((attempt) => attemptRecordOf(attempt, call.startedMs, nowMs)),
    outcome: end.outcome,
  };
  if (principal?.projectId !== undefined) record.projectId = principal.projectId;
  if (principal?.kind === "key") record.keyId = principal.id;
  if (request && route) {
    // A name that led nowhere is whatever the client wrote: of any length, perhaps a secret in the wrong place.
    record.requestedModel = request.model;
    record.route = route.name;
  }
  if (end.error) record.errorCode = end.error.code;
  if (end.usage) record.usage = end.usage;
  return record;
}

function attemptRecordOf(attempt: Attempt, callStartedMs: number, nowMs: number): AttemptRecord {
  const record: Draft<AttemptRecord> = {
    target: attempt.target,
    outcome: attempt.outcome ?? "canceled",
    startMs: attempt.startedMs - callStartedMs,
    durationMs: (attempt.endedMs ?? nowMs) - attempt.startedMs,
  };
  if (attempt.firstOutputMs !== undefined) record.firstOutputMs = attempt.firstOutputMs - attempt.startedMs;
  if (attempt.errorCode !== undefined) record.errorCode = attempt.errorCode;
  return record;
}

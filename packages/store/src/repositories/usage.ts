/**
 * Records of calls in a database.
 *
 * @module
 */

import type { CallRecord, Usage, UsageStore } from "@llmproxy/spec";
import type { Insertable, Kysely, Selectable } from "kysely";
import { listPage } from "../list-page.ts";
import { listScope, type Position } from "../page-token.ts";
import type { CallTable, StoreTables } from "../schema.ts";

/** Records of calls that can be added to. */
export interface UsageRepository extends UsageStore {
  /** Adds records in one transaction; one whose id is there already is left out. */
  commit(values: CallValues): Promise<void>;
}

/**
 * Records of calls, value by value in the order of the columns. Between threads a flat list of a thousand values is
 * ten times cheaper than the objects they stand for.
 */
export type CallValues = readonly (string | number | null)[];

const columns = [
  "record_id",
  "request_id",
  "started_at",
  "duration_ms",
  "endpoint",
  "project_id",
  "key_id",
  "requested_model",
  "route",
  "attempts",
  "outcome",
  "error_code",
  "input_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "cache_write_hour_tokens",
  "audio_input_tokens",
  "output_tokens",
  "reasoning_tokens",
  "audio_output_tokens",
  "usage_estimated",
] as const satisfies readonly (keyof CallTable)[];

/** Writes records as values. */
export function callValues(calls: readonly CallRecord[]): CallValues {
  const values: (string | number | null)[] = [];
  for (const call of calls) {
    const row = toRow(call);
    for (const column of columns) values.push(row[column] ?? null);
  }
  return values;
}

/** The rows that values stand for. */
function rowsOf(values: CallValues): Insertable<CallTable>[] {
  const rows: Insertable<CallTable>[] = [];
  for (let start = 0; start < values.length; start += columns.length)
    // What stands where is decided by `callValues` alone.
    rows.push(Object.fromEntries(columns.map((column, index) => [column, values[start + index]])) as never);
  return rows;
}

type CallFilter = Parameters<UsageStore["list"]>[0];

/** One statement takes this many rows: measured, more make it no faster. */
const rowsPerStatement = 50;

/** Keeps records of calls in `database`. */
export function createUsageRepository(database: Kysely<StoreTables>): UsageRepository {
  const reader = (filter: CallFilter) => async (after: Position | undefined, limit: number) => {
    let query = database.selectFrom("call").selectAll();
    if (filter.projectId !== undefined) query = query.where("project_id", "=", filter.projectId);
    if (filter.requestId !== undefined) query = query.where("request_id", "=", filter.requestId);
    if (after !== undefined)
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple("started_at", "record_id"), ">", tuple(after.at, after.id)),
      );
    const rows = await query.orderBy("started_at").orderBy("record_id").limit(limit).execute();
    return rows.map(toCall);
  };

  return {
    list: (filter, page) =>
      listPage({
        scope: listScope("usage", filter.projectId, filter.requestId),
        page,
        read: reader(filter),
        positionOf: ({ startedAt, recordId }) => ({ at: startedAt.getTime(), id: recordId }),
      }),
    commit: (values) =>
      database.transaction().execute(async (transaction) => {
        const rows = rowsOf(values);
        for (let start = 0; start < rows.length; start += rowsPerStatement)
          await transaction
            .insertInto("call")
            .values(rows.slice(start, start + rowsPerStatement))
            .onConflict((conflict) => conflict.column("record_id").doNothing())
            .execute();
      }),
  };
}

function toRow(call: CallRecord): Insertable<CallTable> {
  return {
    record_id: call.recordId,
    request_id: call.requestId,
    started_at: call.startedAt.getTime(),
    duration_ms: call.durationMs,
    endpoint: call.endpoint,
    project_id: call.projectId ?? null,
    key_id: call.keyId ?? null,
    requested_model: call.requestedModel ?? null,
    route: call.route ?? null,
    attempts: JSON.stringify(call.attempts),
    outcome: call.outcome,
    error_code: call.errorCode ?? null,
    ...fromUsage(call.usage),
  };
}

/** Every column of the usage, so that all rows of a statement have the same columns. */
function fromUsage(usage: Usage | undefined) {
  return {
    input_tokens: usage?.inputTokens ?? null,
    cache_read_tokens: usage?.cacheReadTokens ?? null,
    cache_write_tokens: usage?.cacheWriteTokens ?? null,
    cache_write_hour_tokens: usage?.cacheWriteHourTokens ?? null,
    audio_input_tokens: usage?.audioInputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    reasoning_tokens: usage?.reasoningTokens ?? null,
    audio_output_tokens: usage?.audioOutputTokens ?? null,
    usage_estimated: usage === undefined ? null : Number(usage.estimated),
  };
}

function toCall(row: Selectable<CallTable>): CallRecord {
  return {
    requestId: row.request_id,
    recordId: row.record_id,
    startedAt: new Date(row.started_at),
    durationMs: row.duration_ms,
    endpoint: row.endpoint,
    ...(row.project_id !== null && { projectId: row.project_id }),
    ...(row.key_id !== null && { keyId: row.key_id }),
    ...(row.requested_model !== null && { requestedModel: row.requested_model }),
    ...(row.route !== null && { route: row.route }),
    attempts: JSON.parse(row.attempts),
    outcome: row.outcome,
    ...(row.error_code !== null && { errorCode: row.error_code }),
    ...(row.usage_estimated !== null && { usage: toUsage(row, row.usage_estimated) }),
  };
}

function toUsage(row: Selectable<CallTable>, estimated: number): Usage {
  return {
    inputTokens: row.input_tokens ?? 0,
    cacheReadTokens: row.cache_read_tokens ?? 0,
    cacheWriteTokens: row.cache_write_tokens ?? 0,
    cacheWriteHourTokens: row.cache_write_hour_tokens ?? 0,
    audioInputTokens: row.audio_input_tokens ?? 0,
    outputTokens: row.output_tokens ?? 0,
    reasoningTokens: row.reasoning_tokens ?? 0,
    audioOutputTokens: row.audio_output_tokens ?? 0,
    estimated: estimated === 1,
  };
}

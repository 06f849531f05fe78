/**
 * Records of calls in memory, the newest of them.
 *
 * @module
 */

import type { CallRecord, UsageStore } from "@llmproxy/spec";
import { listScope } from "../page-token.ts";
import { orderedPage } from "./ordered-page.ts";

/** Records of calls that can be added to. */
export interface MemoryUsage extends UsageStore {
  /** Adds a record unless its id is there; the record added longest ago makes room when there is none. */
  add(record: CallRecord): void;
}

/** Keeps the last `maxRecords` records that were added. */
export function createMemoryUsage(maxRecords: number): MemoryUsage {
  const records = new Map<string, CallRecord>();
  return {
    add(record) {
      const copy = records.has(record.recordId) ? undefined : tryClone(record);
      if (copy === undefined) return;
      records.set(copy.recordId, copy);
      for (const oldest of records.keys()) {
        if (records.size <= maxRecords) break;
        records.delete(oldest);
      }
    },
    async list({ projectId, requestId }, page) {
      const isWanted = (record: CallRecord): boolean =>
        (projectId === undefined || record.projectId === projectId) &&
        (requestId === undefined || record.requestId === requestId);
      return orderedPage({
        scope: listScope("usage", projectId, requestId),
        page,
        records: [...records.values()].filter(isWanted),
        positionOf: ({ startedAt, recordId }) => ({ at: startedAt.getTime(), id: recordId }),
      });
    },
  };
}

/** Copies a record; undefined when it holds what cannot be copied, because a journal never throws. */
function tryClone(record: CallRecord): CallRecord | undefined {
  try {
    return structuredClone(record);
  } catch {
    return undefined;
  }
}

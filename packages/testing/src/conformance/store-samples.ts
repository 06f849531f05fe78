/**
 * Records to put into a store under test.
 *
 * @module
 */

import type { CallRecord, KeyRecord, Page, PageRequest, ProjectRecord, Store } from "@llmproxy/spec";

/** A store to test, and how to get rid of it. */
export interface OpenedStore {
  /** Empty and ready. */
  readonly store: Store;
  /** Closes the store, if that has not been done, and removes what it kept. */
  cleanUp(): Promise<void>;
}

/** Makes an empty store. */
export type OpenStore = () => Promise<OpenedStore>;

/** The moment the samples are from. */
export const sampleTime = new Date("2026-03-01T12:00:00.123Z");

/** Strings that a store must give back as they were: quotes, other scripts, SQL, length. */
export const awkwardStrings: readonly string[] = [
  'O\'Brien "quoted" `ticked`',
  "' OR 1=1; DROP TABLE project; --",
  "%_*?[]{}$1 :name @name ?1",
  "Grüße, 世界, Привет, 🦙👩‍👩‍👧‍👦, e\u0301, \u202Eright to left",
  " leading and trailing blanks \t\r\n",
  "null",
  "\\u0041\\n\\\\",
  "x".repeat(10_240),
];

/** `sampleTime` plus `ms`. */
export function later(ms: number): Date {
  return new Date(sampleTime.getTime() + ms);
}

/** A project with only what it must have, over which `given` is laid. */
export function sampleProject(given: Partial<ProjectRecord> & { readonly id: string }): ProjectRecord {
  return {
    name: `project ${given.id}`,
    isActive: true,
    createdAt: sampleTime,
    updatedAt: sampleTime,
    ...given,
  };
}

/** A key with only what it must have, over which `given` is laid. */
export function sampleKey(given: Partial<KeyRecord> & { readonly id: string }): KeyRecord {
  return {
    projectId: "default",
    name: `key ${given.id}`,
    hash: Uint8Array.from({ length: 32 }, (_, index) => (index * 37) % 256),
    pepperId: "pepper-1",
    createdAt: sampleTime,
    metadata: {},
    ...given,
  };
}

/** A call with only what it must have, over which `given` is laid. */
export function sampleCall(given: Partial<CallRecord> & { readonly recordId: string }): CallRecord {
  return {
    requestId: `request-${given.recordId}`,
    startedAt: sampleTime,
    durationMs: 12.5,
    endpoint: "/v1/chat/completions",
    attempts: [],
    outcome: "finished",
    ...given,
  };
}

/** A call in which everything is set that can be. */
export const fullCall: CallRecord = {
  requestId: "request-full",
  recordId: "record-full",
  startedAt: sampleTime,
  durationMs: 1234.5678,
  endpoint: "/v1/chat/completions",
  projectId: "default",
  keyId: "4fZk0wQ9aBcD",
  requestedModel: "fast",
  route: "fast",
  attempts: [
    {
      target: { provider: "first", model: "model-1" },
      outcome: "failed",
      startMs: 0.25,
      durationMs: 100.125,
      errorCode: "upstream_failed",
    },
    {
      target: { provider: "second", model: "vendor/model 2" },
      outcome: "succeeded",
      startMs: 101,
      firstOutputMs: 250.75,
      durationMs: 1100,
    },
  ],
  outcome: "upstream-cut",
  errorCode: "upstream_cut",
  usage: {
    inputTokens: 1,
    cacheReadTokens: 2,
    cacheWriteTokens: 6,
    cacheWriteHourTokens: 7,
    audioInputTokens: 3,
    outputTokens: 4,
    reasoningTokens: 5,
    audioOutputTokens: 5_000_000_000,
    estimated: true,
  },
};

/** Reads a list page by page. */
export async function readPages<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  pageSize: number,
): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let page: PageRequest | undefined = { pageSize };
  while (page !== undefined) {
    const { items, nextPageToken }: Page<T> = await list(page);
    pages.push(items);
    page = nextPageToken === undefined ? undefined : { pageSize, pageToken: nextPageToken };
  }
  return pages;
}

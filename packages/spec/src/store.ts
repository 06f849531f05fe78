/**
 * Repositories as ports. Every method takes and returns structured-clonable data, so that an implementation
 * may live in another thread or process.
 *
 * All methods throw `unavailable` when the store cannot answer.
 *
 * @module
 */

import type { CallRecord, KeyPatch, KeyRecord, ProjectPatch, ProjectRecord } from "./record.ts";

/** Which page of a list. */
export interface PageRequest {
  /** 1–1000. */
  readonly pageSize: number;
  /** `nextPageToken` of the page before; absent for the first. */
  readonly pageToken?: string;
}

/** A page of a list, oldest first. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

/** Projects. */
export interface ProjectStore {
  /** @throws `conflict` when the id or the name is taken */
  insert(project: ProjectRecord): Promise<void>;
  get(id: string): Promise<ProjectRecord | undefined>;
  /** @throws `invalid_request` (field `page_token`) for a token that is not ours */
  list(page: PageRequest): Promise<Page<ProjectRecord>>;
  /**
   * Applies a patch. `isActive: false` sets `deactivatedAt` to the patch's `updatedAt`, `true` clears it.
   *
   * @returns the project afterwards, or undefined when there is none
   * @throws `conflict` when the name is taken
   */
  update(id: string, patch: ProjectPatch): Promise<ProjectRecord | undefined>;
}

/** API keys. */
export interface KeyStore {
  /** @throws `conflict` when the id is taken; `not_found` (field `project_id`) when there is no such project */
  insert(key: KeyRecord): Promise<void>;
  get(id: string): Promise<KeyRecord | undefined>;
  /** @throws `invalid_request` (field `page_token`) for a token that is not ours */
  list(filter: { readonly projectId?: string }, page: PageRequest): Promise<Page<KeyRecord>>;
  /**
   * Applies a patch. A key that is already revoked keeps its first `revokedAt`.
   *
   * @returns the key afterwards, or undefined when there is none
   */
  update(id: string, patch: KeyPatch): Promise<KeyRecord | undefined>;
}

/** Records of calls, readable. */
export interface UsageStore {
  /** @throws `invalid_request` (field `page_token`) for a token that is not ours */
  list(
    filter: { readonly projectId?: string; readonly requestId?: string },
    page: PageRequest,
  ): Promise<Page<CallRecord>>;
}

/** Takes records of calls off the hot path. */
export interface UsageJournal {
  /**
   * Queues a record; it is durable within 50 ms. Never blocks and never throws. The queue is bounded; when it
   * is full, the record is dropped, counted and logged.
   */
  append(record: CallRecord): void;
  /** Resolves when everything appended so far is durable. */
  flush(): Promise<void>;
}

/** Everything that is stored. */
export interface Store {
  readonly projects: ProjectStore;
  readonly keys: KeyStore;
  readonly usage: UsageStore;
  readonly journal: UsageJournal;
  /** Resolves when the store can answer. */
  check(): Promise<void>;
  /** Flushes and closes; afterwards every method throws `unavailable`. */
  close(): Promise<void>;
}

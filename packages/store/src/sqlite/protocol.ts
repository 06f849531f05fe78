/**
 * What the main thread and the worker say to each other. Everything is structured-clonable.
 *
 * @module
 */

import {
  type CallRecord,
  type ErrorCode,
  type KeyPatch,
  type KeyRecord,
  type Page,
  type PageRequest,
  type ProjectPatch,
  type ProjectRecord,
  ProxyError,
  type UsageStore,
} from "@llmproxy/spec";
import type { MigrationStatus, MigrationTarget } from "../migrations/status.ts";
import type { CallValues } from "../repositories/usage.ts";
import type { OpenDatabaseOptions } from "./open-database.ts";

/** What goes into a method and what comes out. */
interface Exchange<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** What the worker can be asked. */
export interface StoreMethods {
  insertProject: Exchange<ProjectRecord, void>;
  getProject: Exchange<string, ProjectRecord | undefined>;
  listProjects: Exchange<PageRequest, Page<ProjectRecord>>;
  updateProject: Exchange<{ id: string; patch: ProjectPatch }, ProjectRecord | undefined>;
  insertKey: Exchange<KeyRecord, void>;
  getKey: Exchange<string, KeyRecord | undefined>;
  listKeys: Exchange<{ filter: { readonly projectId?: string }; page: PageRequest }, Page<KeyRecord>>;
  updateKey: Exchange<{ id: string; patch: KeyPatch }, KeyRecord | undefined>;
  listCalls: Exchange<{ filter: CallFilter; page: PageRequest }, Page<CallRecord>>;
  commitCalls: Exchange<CallValues, void>;
  check: Exchange<undefined, void>;
}

/** Which calls to list. */
type CallFilter = Parameters<UsageStore["list"]>[0];

/** The name of a method. */
export type StoreMethod = keyof StoreMethods;

/** The methods as functions. */
export type StoreFunctions = {
  readonly [Method in StoreMethod]: (
    input: StoreMethods[Method]["input"],
  ) => Promise<StoreMethods[Method]["output"]>;
};

/** Tells a worker that it is one of ours, and what to open. */
export interface WorkerStart extends OpenDatabaseOptions {
  readonly purpose: "llmproxy-sqlite";
  /** Which migrations to apply; absent: none, but report what there is. */
  readonly migrateTo?: MigrationTarget;
}

/** What the main thread sends. */
export type ToWorker =
  | {
      readonly kind: "request";
      readonly id: number;
      readonly method: StoreMethod;
      readonly input: StoreMethods[StoreMethod]["input"];
    }
  /** Finish what was asked, close the database and end. */
  | { readonly kind: "close" };

/** What the worker sends: first `ready` or `failed`, then a `reply` for each request, in any order. */
export type FromWorker =
  | { readonly kind: "ready"; readonly migrations: MigrationStatus }
  | { readonly kind: "failed"; readonly error: WireError }
  | { readonly kind: "reply"; readonly id: number; readonly output: StoreMethods[StoreMethod]["output"] }
  | { readonly kind: "refusal"; readonly id: number; readonly error: WireError };

/** A `ProxyError` as plain data: what is cloned of an error has lost its class and its fields. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly reason?: string;
  /** The messages of its causes, for the log. */
  readonly detail?: string;
}

/** Writes an error as plain data. */
export function toWireError(error: ProxyError): WireError {
  const { code, message, field, reason, cause } = error;
  return {
    code,
    message,
    ...(field !== undefined && { field }),
    ...(reason !== undefined && { reason }),
    ...(cause instanceof Error && { detail: describeCauses(cause) }),
  };
}

/** Makes the error again, in the thread of its receiver. */
export function fromWireError({ code, message, detail, ...details }: WireError): ProxyError {
  return new ProxyError(code, message, {
    ...details,
    ...(detail !== undefined && { cause: new Error(detail) }),
  });
}

function describeCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${describeCauses(error.cause)}` : error.message;
}

/**
 * What is stored. Every record is structured-clonable.
 *
 * @module
 */

import type { Target } from "./model.ts";
import type { Outcome } from "./reply.ts";
import type { Usage } from "./usage.ts";

/** A project: the tenant everything belongs to. */
export interface ProjectRecord {
  /** `default` for the first, else made by us. */
  readonly id: string;
  /** Unique, 1–128 characters. */
  readonly name: string;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When it was switched off; absent while active. */
  readonly deactivatedAt?: Date;
}

/** What may be changed of a project. */
export interface ProjectPatch {
  readonly name?: string;
  readonly isActive?: boolean;
  readonly updatedAt: Date;
}

/** An API key as stored: never the key itself. */
export interface KeyRecord {
  /** Public id, part of the key: 12 base62 characters. */
  readonly id: string;
  readonly projectId: string;
  /** For people; 1–128 characters. */
  readonly name: string;
  /** HMAC-SHA256 of the full key, 32 bytes. */
  readonly hash: Uint8Array;
  /** Which pepper the hash was made with. */
  readonly pepperId: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  /** Globs of the model names it may ask for; absent when all. */
  readonly allowedModels?: readonly string[];
  /** The owner's own notes; at most 16 entries. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What may be changed of a key; `null` removes a value. */
export interface KeyPatch {
  readonly name?: string;
  readonly expiresAt?: Date | null;
  readonly allowedModels?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly revokedAt?: Date;
}

/** One try of one target, as recorded. */
export interface AttemptRecord {
  readonly target: Target;
  readonly outcome: "succeeded" | "failed" | "canceled";
  /** Milliseconds from the start of the call to the start of the try. */
  readonly startMs: number;
  /** Milliseconds from the start of the try to its first output; absent when none came. */
  readonly firstOutputMs?: number;
  /** Milliseconds from the start of the try to its end. */
  readonly durationMs: number;
  readonly errorCode?: string;
}

/** One call, written once at its end. */
export interface CallRecord {
  /** The request id together with the start makes a record unique; see `recordId`. */
  readonly requestId: string;
  /** Made by us for each call: what makes the record unique even when a client repeats its request id. */
  readonly recordId: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly endpoint: string;
  /** Absent when authentication is switched off. */
  readonly projectId?: string;
  readonly keyId?: string;
  /** The model as the client named it. */
  readonly requestedModel?: string;
  /** The route it resolved to. */
  readonly route?: string;
  readonly attempts: readonly AttemptRecord[];
  readonly outcome: Outcome;
  readonly errorCode?: string;
  readonly usage?: Usage;
}

/**
 * The tables, as queries see them.
 *
 * Every column has a type that SQLite and Postgres give back alike: moments are integers (milliseconds since the
 * Unix epoch), booleans 0 or 1, bytes hexadecimal text, and what no query looks into is JSON text. The tables
 * themselves are made by the migrations.
 *
 * @module
 */

import type { Outcome } from "@llmproxy/spec";

/** One row per project. */
export interface ProjectTable {
  id: string;
  name: string;
  is_active: number;
  created_at: number;
  updated_at: number;
  deactivated_at: number | null;
}

/** One row per API key; named so because `key` is a reserved word. */
export interface ApiKeyTable {
  id: string;
  project_id: string;
  name: string;
  /** Hexadecimal. */
  hash: string;
  pepper_id: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  /** JSON array of strings. */
  allowed_models: string | null;
  /** JSON object of strings. */
  metadata: string;
}

/** One row per call. Projects and keys are named, not referenced: a record outlives them. */
export interface CallTable {
  record_id: string;
  request_id: string;
  started_at: number;
  duration_ms: number;
  endpoint: string;
  project_id: string | null;
  key_id: string | null;
  requested_model: string | null;
  route: string | null;
  /** JSON array of attempts. */
  attempts: string;
  outcome: Outcome;
  error_code: string | null;
  /** The parts of the usage, all null when none was told; columns, so that reports can add them up. */
  input_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  cache_write_hour_tokens: number | null;
  audio_input_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  audio_output_tokens: number | null;
  usage_estimated: number | null;
}

/** What each applied migration did, so that a changed one is noticed. */
export interface MigrationChecksumTable {
  name: string;
  /** SHA-256 of its statements, hexadecimal. */
  checksum: string;
}

/** Every table queries use. */
export interface StoreTables {
  project: ProjectTable;
  api_key: ApiKeyTable;
  call: CallTable;
  migration_checksum: MigrationChecksumTable;
}

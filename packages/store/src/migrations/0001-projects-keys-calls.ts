/**
 * Projects, API keys and records of calls.
 *
 * @module
 */

import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** The first tables. */
export const projectsKeysCalls: Migration = {
  async up(database: Kysely<unknown>) {
    await createProject(database);
    await createApiKey(database);
    await createCall(database);
  },
  async down(database: Kysely<unknown>) {
    for (const table of ["call", "api_key", "project"]) await database.schema.dropTable(table).execute();
  },
};

async function createProject({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("project")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("is_active", "integer", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addColumn("deactivated_at", "bigint")
    .execute();
  await schema.createIndex("project_page").on("project").columns(["created_at", "id"]).execute();
}

async function createApiKey({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("api_key")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("project_id", "text", (column) => column.notNull().references("project.id"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("pepper_id", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint")
    .addColumn("revoked_at", "bigint")
    .addColumn("allowed_models", "text")
    .addColumn("metadata", "text", (column) => column.notNull())
    .execute();
  await schema.createIndex("api_key_page").on("api_key").columns(["created_at", "id"]).execute();
  await schema
    .createIndex("api_key_project_page")
    .on("api_key")
    .columns(["project_id", "created_at", "id"])
    .execute();
}

async function createCall({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable("call")
    .addColumn("record_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("request_id", "text", (column) => column.notNull())
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("duration_ms", "double precision", (column) => column.notNull())
    .addColumn("endpoint", "text", (column) => column.notNull())
    .addColumn("project_id", "text")
    .addColumn("key_id", "text")
    .addColumn("requested_model", "text")
    .addColumn("route", "text")
    .addColumn("attempts", "text", (column) => column.notNull())
    .addColumn("outcome", "text", (column) => column.notNull())
    .addColumn("error_code", "text")
    .addColumn("input_tokens", "bigint")
    .addColumn("cache_read_tokens", "bigint")
    .addColumn("audio_input_tokens", "bigint")
    .addColumn("output_tokens", "bigint")
    .addColumn("reasoning_tokens", "bigint")
    .addColumn("audio_output_tokens", "bigint")
    .addColumn("usage_estimated", "integer")
    .execute();
  await schema.createIndex("call_page").on("call").columns(["started_at", "record_id"]).execute();
  await schema.createIndex("call_request").on("call").columns(["request_id"]).execute();
  await schema
    .createIndex("call_project_page")
    .on("call")
    .columns(["project_id", "started_at", "record_id"])
    .execute();
}

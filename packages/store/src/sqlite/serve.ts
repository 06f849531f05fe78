/**
 * The worker's side of the store: owns the database and answers the main thread.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import { Kysely, sql } from "kysely";
import { migrations } from "../migrations/list.ts";
import { migrateDatabase, readMigrationStatus } from "../migrations/migrate.ts";
import type { MigrationStatus } from "../migrations/status.ts";
import { createKeyRepository } from "../repositories/keys.ts";
import { createProjectRepository } from "../repositories/projects.ts";
import { createUsageRepository } from "../repositories/usage.ts";
import type { StoreTables } from "../schema.ts";
import { createSqliteDialect } from "./dialect.ts";
import { openDatabase } from "./open-database.ts";
import {
  type FromWorker,
  type StoreFunctions,
  type StoreMethod,
  type StoreMethods,
  type ToWorker,
  toWireError,
  type WorkerStart,
} from "./protocol.ts";
import { fromSqliteError, violationOf } from "./sqlite-errors.ts";

/** The end of a message channel: what is used of a `MessagePort`. */
export interface ServePort {
  postMessage(message: FromWorker): void;
  on(event: "message", listener: (message: ToWorker) => void): unknown;
  close(): void;
}

/** Opens the database and answers until it is told to close. Failures are told, never thrown. */
export async function serve(port: ServePort, start: WorkerStart): Promise<void> {
  try {
    const { database, status } = await open(start);
    answerRequests(port, database);
    port.postMessage({ kind: "ready", migrations: status });
  } catch (error) {
    port.postMessage({ kind: "failed", error: toWireError(fromSqliteError(error, start.path)) });
    port.close();
  }
}

async function open(
  start: WorkerStart,
): Promise<{ readonly database: Kysely<StoreTables>; readonly status: MigrationStatus }> {
  const dialect = createSqliteDialect(openDatabase(start));
  const database = new Kysely<StoreTables>({ dialect });
  const context = { database, dialect, location: start.path, migrations };
  try {
    const status =
      start.migrateTo === undefined
        ? await readMigrationStatus(context)
        : await migrateDatabase(context, start.migrateTo);
    return { database, status };
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

function answerRequests(port: ServePort, database: Kysely<StoreTables>): void {
  const functions = createFunctions(database);
  const underWay = new Set<Promise<void>>();
  port.on("message", (message) => {
    if (message.kind === "close") {
      void Promise.all(underWay)
        .then(() => database.destroy())
        .finally(() => port.close());
      return;
    }
    const answering = answer(functions, message).then((reply) => port.postMessage(reply));
    underWay.add(answering);
    void answering.then(() => underWay.delete(answering));
  });
}

type Request = Extract<ToWorker, { kind: "request" }>;

async function answer(functions: StoreFunctions, { id, method, input }: Request): Promise<FromWorker> {
  try {
    return { kind: "reply", id, output: await call(functions, method, input) };
  } catch (error) {
    return { kind: "refusal", id, error: toWireError(forCaller(error)) };
  }
}

function call<Method extends StoreMethod>(
  functions: StoreFunctions,
  method: Method,
  input: StoreMethods[Method]["input"],
): Promise<StoreMethods[Method]["output"]> {
  return functions[method](input);
}

/** Callers need not know which file is in trouble; the log finds it in the cause. */
function forCaller(error: unknown): ProxyError {
  if (ProxyError.is(error)) return error;
  const cause = fromSqliteError(error, "file");
  if (cause.code !== "unavailable") return cause;
  return new ProxyError("unavailable", "the store cannot answer at the moment", { cause });
}

function createFunctions(database: Kysely<StoreTables>): StoreFunctions {
  const projects = createProjectRepository(database, violationOf);
  const keys = createKeyRepository(database, violationOf);
  const usage = createUsageRepository(database);
  return {
    insertProject: projects.insert,
    getProject: projects.get,
    listProjects: projects.list,
    updateProject: ({ id, patch }) => projects.update(id, patch),
    insertKey: keys.insert,
    getKey: keys.get,
    listKeys: ({ filter, page }) => keys.list(filter, page),
    updateKey: ({ id, patch }) => keys.update(id, patch),
    listCalls: ({ filter, page }) => usage.list(filter, page),
    commitCalls: usage.commit,
    check: async () => {
      await sql`select 1`.execute(database);
    },
  };
}

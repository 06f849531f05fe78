/**
 * The entry of the worker thread that owns an SQLite database.
 *
 * It does nothing unless it was started as such, so that importing it by accident, also in somebody else's worker,
 * is harmless.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import type { WorkerStart } from "./protocol.ts";
import { serve } from "./serve.ts";

if (parentPort !== null && isWorkerStart(workerData)) void serve(parentPort, workerData);

function isWorkerStart(data: unknown): data is WorkerStart {
  return typeof data === "object" && data !== null && "purpose" in data && data.purpose === "llmproxy-sqlite";
}

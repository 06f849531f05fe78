/**
 * The process of the load generator: carries out the jobs it is sent.
 *
 * @module
 */

import process from "node:process";
import type { CancelJob, CancelResult, LoadJob, LoadResult } from "./load-job.ts";
import { runCancel } from "./run-cancel.ts";
import { runLoad } from "./run-load.ts";

/** A job of either kind. */
export type Job = { readonly load: LoadJob } | { readonly cancel: CancelJob };

/** What a job came to, or why it could not be done. */
export type JobAnswer =
  | { readonly load: LoadResult }
  | { readonly cancel: CancelResult }
  | { readonly error: string };

async function carryOut(job: Job): Promise<JobAnswer> {
  try {
    return "load" in job ? { load: await runLoad(job.load) } : { cancel: await runCancel(job.cancel) };
  } catch (reason) {
    return { error: reason instanceof Error ? reason.message : String(reason) };
  }
}

process.on("message", (job: Job) => void carryOut(job).then((answer) => process.send?.(answer)));
process.on("disconnect", () => process.exit());
// Whoever presses Ctrl-C tells the whole group; the bench ends its processes itself.
process.on("SIGINT", () => {});
process.send?.({ ready: true });

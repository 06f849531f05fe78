/**
 * What a run works with: the upstream, the load generator, a temporary directory.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { CancelJob, CancelResult, LoadJob, LoadResult } from "../load/load-job.ts";
import type { Job, JobAnswer } from "../load/main.ts";
import type { Abandoned } from "../mock/upstream.ts";
import { Child } from "./child.ts";
import { type Cores, findCores } from "./cores.ts";

/** The parts of a run. */
export interface Lab {
  readonly upstreamPort: number;
  readonly cores: Cores;
  /** Removed with all that is in it when the lab is closed. */
  readonly directory: string;
  load(job: LoadJob): Promise<LoadResult>;
  cancel(job: CancelJob): Promise<CancelResult>;
  /** Requests the upstream has seen given up since the last time. */
  abandoned(): Promise<readonly Abandoned[]>;
  close(): Promise<void>;
}

/** Starts the upstream and the load generator, each in a process of its own. */
export async function openLab(): Promise<Lab> {
  const cores = findCores();
  const directory = await mkdtemp(join(tmpdir(), "llmproxy-bench-"));
  // Also where the run is cut short: what the subjects wrote is large.
  const removeAtExit = (): void => rmSync(directory, { recursive: true, force: true });
  process.on("exit", removeAtExit);
  const start = (script: string, core: number | undefined): Child =>
    new Child({ command: [fileURLToPath(new URL(script, import.meta.url))], core, ipc: true });
  const upstream = start("../mock/main.ts", cores?.upstream);
  const generator = start("../load/main.ts", cores?.load);
  const [{ port }] = await Promise.all([
    upstream.message() as Promise<{ port: number }>,
    generator.message(),
  ]);
  const ask = async (job: Job): Promise<JobAnswer> => {
    const answer = (await generator.ask(job)) as JobAnswer;
    if ("error" in answer) throw new Error(answer.error);
    return answer;
  };
  return {
    upstreamPort: port,
    cores,
    directory,
    load: async (job) => ((await ask({ load: job })) as { load: LoadResult }).load,
    cancel: async (job) => ((await ask({ cancel: job })) as { cancel: CancelResult }).cancel,
    abandoned: async () => (await upstream.ask({})) as readonly Abandoned[],
    async close() {
      await Promise.all([upstream.stop(), generator.stop()]);
      await rm(directory, { recursive: true, force: true });
      process.off("exit", removeAtExit);
    },
  };
}

/**
 * Starting a subject that is a process with a port.
 *
 * @module
 */

import { readFileSync, truncateSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../lab/child.ts";
import type { Lab } from "../lab/lab.ts";
import { freePort, untilReady } from "../lab/ready.ts";
import type { Destination } from "../load/load-job.ts";
import type { RunningSubject, Way } from "./subject.ts";

/** What differs from server to server. */
export interface ServerSubjectOptions {
  readonly name: string;
  /** The script and its arguments. `directory` is the server's own, and empty. */
  command(port: number, directory: string): readonly string[] | Promise<readonly string[]>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Answers 200 as soon as the server can be used. */
  readonly healthPath: string;
  /** Asked once it is ready. */
  destination(way: Way, port: number, directory: string): Destination | undefined;
}

/**
 * Starts a server and waits for its first answer.
 *
 * @throws {Error} when it does not come up; it is stopped then
 */
export async function startServerSubject(lab: Lab, options: ServerSubjectOptions): Promise<RunningSubject> {
  const port = await freePort();
  const directory = await mkdtemp(join(lab.directory, `${options.name}-`));
  const log = join(directory, "output.log");
  const child = new Child({
    command: await options.command(port, directory),
    core: lab.cores?.subject,
    directory,
    log,
    ...(options.environment && { environment: options.environment }),
  });
  try {
    const startMs = await untilReady(child, port, options.healthPath);
    return {
      pid: child.pid,
      startMs,
      destination: (way) => options.destination(way, port, directory),
      truncateLog: () => truncateSync(log),
      stop: () => child.stop(),
    };
  } catch (reason) {
    await child.stop();
    throw new Error(`${messageOf(reason)}: ${lastWords(readFileSync(log, "utf8"))}`, { cause: reason });
  }
}

/** The last line that is not of a stack trace. */
function lastWords(output: string): string {
  return (
    output.split("\n").findLast((line) => line.trim() !== "" && !/^\s+at /.test(line)) ?? "it said nothing"
  );
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

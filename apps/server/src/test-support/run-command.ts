/**
 * The command line without a process of its own.
 *
 * @module
 */

import { runCommandLine } from "../command-line.ts";
import type { Host } from "../host.ts";
import type { Finished } from "./child-server.ts";

/** What a command finds. */
export interface RunCommandOptions {
  /** What comes through stdin; nobody types. */
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** How much memory the process may have; unlimited when absent. */
  readonly memoryLimitBytes?: number;
}

/** Runs a command that ends by itself. */
export async function runCommand(
  directory: string,
  given: readonly string[],
  { stdin = "", environment = {}, memoryLimitBytes = 0 }: RunCommandOptions = {},
): Promise<Finished> {
  const output = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof output): Host["stdout"] => ({
    write(text) {
      output[name] += text;
    },
    on() {},
    off() {},
  });
  const never = (): (() => void) => () => {};
  const code = await runCommandLine({
    arguments: given,
    environment,
    directory,
    pid: process.pid,
    nodeVersion: process.versions.node,
    stdin: (async function* () {
      yield stdin;
    })(),
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    uptimeMs: () => 0,
    memoryLimitBytes: () => memoryLimitBytes,
    onStop: never,
    onReload: never,
    onFailure: never,
    exit: (status) => {
      throw new Error(`the command ended the process with ${status}`);
    },
  });
  return { code, ...output };
}

/**
 * An example as its own process.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What is run. */
export interface Command {
  /** The folder below `examples/`. */
  readonly example: string;
  /** Arguments for Node. */
  readonly args: readonly string[];
  /** Variables beside `PATH`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process that serves. */
export interface RunningExample extends AsyncDisposable {
  /** The first address it printed. */
  readonly url: string;
  /** Asks it to stop and waits for its end. @returns the exit code, or the signal's name */
  stop(): Promise<number | string>;
}

/** What a process that ended by itself printed. */
export interface FinishedExample {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Arguments that run an example from its sources. */
export const fromSource = ["--conditions=@llmproxy/source", "src/main.ts"] as const;

/** Runs an example to its end. */
export async function runExample(command: Command): Promise<FinishedExample> {
  const child = start(command);
  const output = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

/**
 * Starts an example.
 *
 * @returns when it has printed its address
 * @throws Error with what it printed when it ends before
 */
export async function startExample(command: Command): Promise<RunningExample> {
  const child = start(command);
  const output = collect(child);
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const stop = async (): Promise<number | string> => {
    child.kill("SIGTERM");
    const [code, signal] = await ended;
    return code ?? signal ?? "";
  };
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", () => {
      const [printed] = /http:\/\/\S+/.exec(output.stdout) ?? [];
      if (printed) resolve(printed);
    });
    child.once("close", () => reject(new Error(`it ended: ${output.stdout}${output.stderr}`)));
  });
  return {
    url,
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

function start({ example, args, environment = {} }: Command): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: fileURLToPath(new URL(`../${example}`, import.meta.url)),
    env: { PATH: process.env.PATH, PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  return output;
}

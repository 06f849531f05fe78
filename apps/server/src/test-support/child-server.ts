/**
 * The server as its own process, run from its sources as the `dev` script runs it.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@llmproxy/testing";

const entry = fileURLToPath(new URL("../main.ts", import.meta.url));

/** What a finished command printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
export async function runLlmproxy(
  directory: string,
  given: readonly string[],
  environment: Record<string, string> = {},
): Promise<Finished> {
  const child = start(directory, given, environment);
  const output = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

/** A server in a process of its own. */
export interface ChildServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly apiKey: string;
  readonly managementToken: string;
  /** Everything it printed so far. */
  readonly output: { stdout: string; stderr: string };
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a server on a free port; resolves when it is ready. */
export async function startChildServer(
  directory: string,
  given: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<ChildServer> {
  const child = start(directory, ["serve", "--port", "0", ...given], environment);
  const output = collect(child);
  const exited = once(child, "close") as Promise<[number | null]>;
  await until(() => output.stdout.includes(`"ready"`) || child.exitCode !== null);
  const line = output.stdout.split("\n").find((text) => text.includes(`"ready"`));
  if (line === undefined) throw new Error(`the server did not start: ${output.stdout}${output.stderr}`);
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  const secrets = await readFile(join(directory, "data", "bootstrap.json"), "utf8").then(
    (text) => JSON.parse(text) as Record<string, string>,
    () => ({}) as Record<string, string>,
  );
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  return {
    url,
    pid,
    apiKey: secrets.api_key ?? "",
    managementToken: secrets.management_token ?? "",
    output,
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end("SIGKILL");
    },
  };
}

/** Tells a server to stop as soon as it has begun to make its data directory. @returns its exit code */
export async function stopWhileStarting(directory: string): Promise<number | null> {
  const child = start(directory, ["serve", "--port", "0"], {});
  await until(() => existsSync(join(directory, "data")));
  const exited = once(child, "close") as Promise<[number | null]>;
  child.kill("SIGTERM");
  const [code] = await exited;
  return code;
}

function start(
  directory: string,
  given: readonly string[],
  environment: Record<string, string>,
): ChildProcess {
  return spawn(process.execPath, ["--conditions=@llmproxy/source", entry, ...given], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...environment },
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

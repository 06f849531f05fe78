/**
 * The processes of a run. Whatever happens, none of them outlives it.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import process from "node:process";

/** How a process is started. */
export interface ChildOptions {
  /** The program and its arguments; Node itself when the first is a script. */
  readonly command: readonly string[];
  /** Pinned to this core; to none when absent. */
  readonly core?: number | undefined;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly directory?: string;
  /** A file that gets standard output and standard error; they are dropped when absent. */
  readonly log?: string | undefined;
  /** Whether messages are exchanged with it. */
  readonly ipc?: boolean;
}

const stopTimeoutMs = 5_000;

/** A process. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** Starts it with the Node this process runs on. */
  constructor({ command, core, environment, directory, log, ipc = false }: ChildOptions) {
    const [file = "", ...args] = [
      ...(core === undefined ? [] : ["taskset", "--cpu-list", String(core)]),
      process.execPath,
      ...command,
    ];
    const output = log === undefined ? "ignore" : openSync(log, "a");
    this.#process = spawn(file, args, {
      stdio: ["ignore", output, output, ...(ipc ? (["ipc"] as const) : [])],
      env: { ...process.env, ...environment },
      cwd: directory,
      // Ctrl-C goes to a whole group; the subjects are to be stopped in order instead.
      detached: true,
    });
    if (typeof output === "number") closeSync(output);
    this.#ended = once(this.#process, "exit");
    this.#ended.catch(() => {});
    process.on("exit", this.#kill);
    this.#process.once("exit", () => process.off("exit", this.#kill));
  }

  /** @throws {Error} when it could not be started */
  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("the process could not be started");
    return pid;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /**
   * The next message of the process.
   *
   * @throws {Error} when it ends before it says something
   */
  async message(): Promise<unknown> {
    const ended = this.#ended.then(() => {
      throw new Error("a process of the bench ended early");
    });
    const [message] = await Promise.race([once(this.#process, "message"), ended]);
    return message;
  }

  /** Sends a message and waits for the next one that comes. */
  ask(message: object): Promise<unknown> {
    const answer = this.message();
    this.#process.send(message);
    return answer;
  }

  /** Asks it to stop, and ends it when it does not. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#process.kill("SIGTERM");
    const timer = setTimeout(this.#kill, stopTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  readonly #kill = (): void => {
    this.#process.kill("SIGKILL");
  };
}

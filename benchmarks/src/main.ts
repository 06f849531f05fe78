/**
 * `pnpm bench`: measures the server beside a bare relay and a peer.
 *
 * @module
 */

import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { type CommandLine, help, readCommandLine } from "./command-line.ts";
import { omissions, verdicts, writeReport } from "./report.ts";
import { type RunResult, run } from "./run.ts";
import { scenarios } from "./scenarios/scenarios.ts";
import { bare } from "./subjects/bare.ts";
import { direct } from "./subjects/direct.ts";
import { llmproxy } from "./subjects/llmproxy.ts";
import { portkey } from "./subjects/portkey.ts";

const goals = [
  { other: "bare", atLeast: 0.5 },
  { other: "portkey", atLeast: 5 },
];

async function bench(commandLine: CommandLine, signal: AbortSignal): Promise<void> {
  const all = [direct, bare, llmproxy(commandLine.bundle), portkey];
  const subjects = all.filter(({ name }) => !commandLine.without.includes(name));
  const names = subjects.map(({ name }) => name);
  const trials = Object.entries(scenarios)
    .filter(([name]) => commandLine.only.length === 0 || commandLine.only.includes(name))
    .flatMap(([, each]) => each);
  const load = loadavg()[0] ?? 0;
  const onProgress = (text: string): void => void process.stderr.write(`${text}\n`);
  const result = await run({ subjects, trials, effort: commandLine.effort, signal, onProgress });
  const machine = {
    node: process.version,
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    pinned: result.pinned,
    loadBefore: load,
  };
  print(result, names, machine);
  const file = resolve(commandLine.json);
  await mkdir(dirname(file), { recursive: true });
  const titles = Object.fromEntries(subjects.map(({ name, title }) => [name, title]));
  const json = { startedWith: process.argv.slice(2), effort: commandLine.effort, machine, titles, ...result };
  await writeFile(file, `${JSON.stringify(json, undefined, 2)}\n`);
  onProgress(`all rounds: ${file}`);
}

function print({ trials, absent }: RunResult, subjects: readonly string[], machine: object): void {
  const about = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const lines = [
    "",
    about.join(" · "),
    "",
    writeReport({ trials, subjects, subject: "llmproxy" }),
    "",
    ...verdicts(trials, "llmproxy", goals),
    ...omissions(trials, absent),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function main(): Promise<number> {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (typeof commandLine === "string") {
    process.stderr.write(`${commandLine}\n\n${help}`);
    return 2;
  }
  if (commandLine.help) {
    process.stdout.write(help);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      // Whoever asks twice will not wait; the processes are ended when this one exits.
      if (stop.signal.aborted) process.exit(130);
      process.stderr.write("stopping\n");
      stop.abort(new Error("stopped"));
    });
  await bench(commandLine, stop.signal);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (reason: unknown) => {
    process.stderr.write(`bench: ${reason instanceof Error ? reason.message : String(reason)}\n`);
    process.exit(1);
  },
);

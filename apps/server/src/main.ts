/**
 * The process: checks the Node version before anything that needs a newer one is loaded.
 *
 * @module
 */

import type { Host } from "./host.ts";

let hasFailed = false;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

const host: Host = {
  arguments: process.argv.slice(2),
  environment: process.env,
  directory: process.cwd(),
  pid: process.pid,
  nodeVersion: process.versions.node,
  get stdin() {
    // Made when it is read: from then on it keeps the process alive.
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  uptimeMs: () => process.uptime() * 1000,
  memoryLimitBytes: () => process.constrainedMemory(),
  onStop(listener) {
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  onReload(listener) {
    process.on("SIGHUP", listener);
    return () => process.off("SIGHUP", listener);
  },
  onFailure(listener) {
    const fail = (error: unknown): void => {
      hasFailed = true;
      listener(error);
    };
    process.on("uncaughtException", fail);
    return () => process.off("uncaughtException", fail);
  },
  exit: (code) => process.exit(code),
};

// Whoever read what we print has left: nothing is to be told to anybody, and that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`llmproxy needs Node 22.19 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  import("./command-line.ts")
    .then(({ runCommandLine }) => runCommandLine(host))
    .then((code) => {
      process.exitCode = hasFailed ? 1 : code;
    })
    .catch((reason: unknown) => {
      process.stderr.write(`llmproxy: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
      process.exitCode = 1;
    });
}

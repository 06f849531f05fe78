/**
 * Whether Node and the limits of the process will do.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { type Check, type Checkup, ok, warn } from "./checkup.ts";

/** Each call takes two sockets, its client's and its provider's. */
const leastFiles = 4096;

/** An idle server takes a fourth of it; the rest is for calls. */
const leastMemoryBytes = 256 * 1024 * 1024;

/** Whatever Node says where nothing limits it: more than any machine has. */
const noLimitBytes = 2 ** 50;

/** The version of Node, the open files and the memory that the process may have. */
export async function checkRuntime({ host }: Checkup): Promise<readonly Check[]> {
  const files = await openFilesLimit();
  return [
    ok("node", `version ${host.nodeVersion}`),
    ...(files === undefined ? [] : [filesCheck(files)]),
    memoryCheck(host.memoryLimitBytes()),
  ];
}

function filesCheck(limit: number): Check {
  const message = `this process may have ${Number.isFinite(limit) ? limit : "any number of"} files and sockets open`;
  if (limit >= leastFiles) return ok("open files", message);
  return warn(
    "open files",
    message,
    `allow ${leastFiles} or more, as by \`ulimit -n\` or LimitNOFILE; a call takes two`,
  );
}

function memoryCheck(limitBytes: number): Check {
  if (limitBytes <= 0 || limitBytes > noLimitBytes) return ok("memory", "nothing but the machine limits it");
  const message = `limited to ${Math.round(limitBytes / 1024 / 1024)} MiB`;
  if (limitBytes >= leastMemoryBytes) return ok("memory", message);
  return warn(
    "memory",
    message,
    "allow 256 MiB or more: the process is ended without a word beyond its limit",
  );
}

/** The hard limit: Node raises the soft one to it. Undefined where the system does not tell. */
async function openFilesLimit(): Promise<number | undefined> {
  const text = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(text) ?? [];
  if (hard === undefined) return undefined;
  return hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
}

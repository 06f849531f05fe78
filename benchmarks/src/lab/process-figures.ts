/**
 * What the kernel knows of a process. Linux only; elsewhere nothing is known.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** Memory of a process, in MiB. */
export interface MemoryFigures {
  /** Resident, shared pages of the binary included. */
  readonly residentMb: number;
  /** Resident and private: what the process itself allocated. */
  readonly privateMb: number;
}

/** USER_HZ: the kernel tells processor time in ticks of a hundredth of a second on every architecture Node runs on. */
const tickMs = 10;

/** The memory of a process; undefined where it is not told. */
export function memoryOf(pid: number): MemoryFigures | undefined {
  const status = readProc(pid, "status");
  if (status === undefined) return undefined;
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { residentMb: megabytes("VmRSS"), privateMb: megabytes("RssAnon") };
}

/** The processor time of a process with all its threads, in milliseconds; undefined where it is not told. */
export function processorTimeOf(pid: number): number | undefined {
  const stat = readProc(pid, "stat");
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, which may hold anything: the others are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // Not Linux, or the process has just ended.
    return undefined;
  }
}

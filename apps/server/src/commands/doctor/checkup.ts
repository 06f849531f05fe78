/**
 * What a check is, and what all of them know.
 *
 * @module
 */

import type { LoadedConfig, Violation } from "@llmproxy/config";
import { ProxyError } from "@llmproxy/spec";
import type { Owner } from "@llmproxy/store";
import type { Host } from "../../host.ts";
import type { AdministrationOptions } from "../administration.ts";

/** Options of the command. */
export interface DoctorOptions extends AdministrationOptions {
  /** Whether to do without the network. */
  readonly offline?: boolean;
}

/** `ok`, `warn`: works, but not as it should; `fail`: a start, or calls after it, will fail. */
export type CheckStatus = "ok" | "warn" | "fail";

/** What a check has found. */
export interface Check {
  /** What was looked at, e.g. `provider openai`. */
  readonly name: string;
  readonly status: CheckStatus;
  /** What is the case; holds no secret. */
  readonly message: string;
  /** What to do; absent when there is nothing to do. */
  readonly remedy?: string;
}

/** What all checks know. */
export interface Checkup {
  readonly host: Host;
  readonly options: DoctorOptions;
  /** The absolute path. */
  readonly dataDirectory: string;
  /** The configuration; undefined when it is not valid. */
  readonly loaded: LoadedConfig | undefined;
  /** Everything that is wrong with it. */
  readonly violations: readonly Violation[];
  /** Who owns the data directory; undefined when nobody does. */
  readonly owner: Owner | undefined;
}

/** One or several things that are looked at together. Must end by itself. */
export type CheckGroup = (checkup: Checkup) => readonly Check[] | Promise<readonly Check[]>;

/** Everything is well. */
export function ok(name: string, message: string): Check {
  return { name, status: "ok", message };
}

/** Something is not as it should be. */
export function warn(name: string, message: string, remedy: string): Check {
  return { name, status: "warn", message, remedy };
}

/** Something will fail. */
export function fail(name: string, message: string, remedy?: string): Check {
  return { name, status: "fail", message, ...(remedy !== undefined && { remedy }) };
}

/** A check that has failed by an error; only messages that are made for people are shown. */
export function failedBy(name: string, reason: unknown, remedy?: string): Check {
  const { code, message } = ProxyError.from(reason);
  if (code !== "internal") return fail(name, message, remedy);
  const system = reason instanceof Error && "code" in reason ? ` (${String(reason.code)})` : "";
  return fail(name, `cannot be checked${system}`, remedy);
}

/**
 * Secrets: given inline, in a file or in an environment variable.
 *
 * @module
 */

import { resolve } from "node:path";
import { type JsonValue, Secret } from "@llmproxy/spec";
import { formatPath, type Path } from "../path.ts";
import { alternatives } from "../schema/fields.ts";
import { type Schema, type SecretSlot, secretSlots, secretSpellings } from "../schema/inspect.ts";
import { type Finding, finding } from "../violation.ts";
import { type ReadFile, readFailure } from "./read-file.ts";

const maxSecretBytes = 65_536;

/** Secrets are sent in headers: visible ASCII, no spaces. @see RFC 6750 §2.1 */
const visible = /^[\x21-\x7e]+$/;

/** What clients may send in a header. */
const maxSecretLength = 8_192;

/** The management token opens everything; shorter ones could be guessed. */
const minManagementTokenLength = 16;

/** A shorter key would weaken HS256. @see RFC 7518 §3.2 */
const minSigningSecretBytes = 32;

/** What API keys begin with; a management token that did would be looked up as one. */
const apiKeyPrefix = "sk-llp-";

/** What secrets are read from. */
export interface SecretSources {
  /** The environment `x_env` refers to. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How `x_file` is read. */
  readonly readFile: ReadFile;
  /** What the path in an `x_file` is relative to. */
  readonly directoryOf: (path: Path) => string;
}

/** The secrets of a configuration. */
export interface SecretReading {
  /** The secret at the path of its key without ending; undefined when none is given. */
  readonly at: (path: Path) => Secret | undefined;
  /** All of them, by path as `formatPath` writes it. */
  readonly byPath: ReadonlyMap<string, Secret>;
  /** Secrets that could not be read or must not be used. */
  readonly findings: readonly Finding[];
}

/** A secret's text, or what is wrong. */
type Reading = { readonly text: string } | { readonly problem: string };

/** One secret with the spelling it was given in. */
interface SlotReading {
  readonly slot: SecretSlot;
  readonly key: string;
  readonly reading: Reading;
}

/** Reads every secret a tree gives. */
export async function readSecrets(
  tree: JsonValue,
  schema: Schema,
  sources: SecretSources,
): Promise<SecretReading> {
  const readings: SlotReading[] = [];
  for (const slot of secretSlots(schema, tree)) {
    const located = locateSecret(slot, sources);
    const reading =
      "file" in located.reading
        ? await readSecretFile(located.reading.file, sources.readFile)
        : located.reading;
    readings.push({ slot, key: located.key, reading });
  }
  return secretReading(readings);
}

/**
 * Reads the secrets of a tree without waiting: those that `known` has, and those given inline or in variables.
 *
 * @param known - what has been read before for the secret of a path; undefined to read it anew
 */
export function readSecretsNow(
  tree: JsonValue,
  schema: Schema,
  sources: Pick<SecretSources, "environment"> & { readonly known: (path: Path) => Secret | undefined },
): SecretReading {
  const readings = secretSlots(schema, tree).map((slot): SlotReading => {
    const known = sources.known([...slot.parent, slot.name]);
    if (known) return { slot, key: slot.name, reading: { text: known.reveal() } };
    const located = locateSecret(slot, { ...sources, directoryOf: () => "" });
    const problem = `names a file, should be given as ${slot.name} or ${slot.name}_env`;
    return { slot, key: located.key, reading: "file" in located.reading ? { problem } : located.reading };
  });
  return secretReading(readings);
}

function secretReading(readings: readonly SlotReading[]): SecretReading {
  const secrets = new Map<string, Secret>();
  const findings: Finding[] = [];
  for (const { slot, key, reading } of readings) {
    const problem = "problem" in reading ? reading.problem : secretProblem(slot.name, reading.text);
    if (problem !== undefined) findings.push(finding([...slot.parent, key], problem));
    else if ("text" in reading)
      secrets.set(formatPath([...slot.parent, slot.name]), new Secret(reading.text));
  }
  return { at: (path) => secrets.get(formatPath(path)), byPath: secrets, findings };
}

/** The spelling a secret is given in, and what that says. */
function locateSecret(
  slot: SecretSlot,
  sources: Pick<SecretSources, "environment" | "directoryOf">,
): { readonly key: string; readonly reading: Reading | { readonly file: string } } {
  const keys = secretSpellings
    .map((ending) => slot.name + ending)
    .filter((key) => Object.hasOwn(slot.map, key));
  const [key = slot.name, ...others] = keys;
  if (others.length > 0) {
    const problem = `is given together with ${alternatives(others)}, should be one of them`;
    return { key, reading: { problem } };
  }
  const value = slot.map[key];
  // The schema has refused a value of another type.
  if (typeof value !== "string") return { key, reading: { problem: "should be text" } };
  if (key.endsWith("_env")) return { key, reading: readVariable(value, sources.environment) };
  if (key.endsWith("_file"))
    return { key, reading: { file: resolve(sources.directoryOf([...slot.parent, key]), value) } };
  return { key, reading: { text: value } };
}

function readVariable(name: string, environment: SecretSources["environment"]): Reading {
  const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (text === undefined) return { problem: `names the environment variable ${name}, which is not set` };
  return text === "" ? { problem: `names the environment variable ${name}, which is empty` } : { text };
}

/** The file must be the server's own: a secret that others can read or replace is none. */
async function readSecretFile(path: string, readFile: ReadFile): Promise<Reading> {
  try {
    const { bytes, isTruncated, mode, isOwn } = await readFile(path, maxSecretBytes);
    if (mode !== undefined && isOpenToOthers(mode, isOwn !== false)) {
      const shown = mode.toString(8).padStart(4, "0");
      return {
        problem: `names ${path}, which others may read or write (mode ${shown}), should be mode 0600 or 0400`,
      };
    }
    if (isTruncated) return { problem: `names ${path}, which is too large for a secret` };
    const text = new TextDecoder().decode(bytes).trim();
    return text === "" ? { problem: `names ${path}, which is empty` } : { text };
  } catch (error) {
    return { problem: `names ${path}, which ${readFailure(error)}` };
  }
}

/**
 * Whether others than the server may read or replace a file. One that belongs to somebody else, as those Kubernetes
 * mounts for a group do, reaches the server by its group: that it may read is then the point of it.
 */
function isOpenToOthers(mode: number, isOwn: boolean): boolean {
  return (mode & (isOwn ? 0o066 : 0o026)) !== 0;
}

function secretProblem(name: string, text: string): string | undefined {
  if (name === "secret") return signingSecretProblem(text);
  if (!visible.test(text))
    return "is empty or holds spaces or other characters headers cannot carry, should be visible ASCII";
  if (text.length > maxSecretLength) return `is too long, should have at most ${maxSecretLength} characters`;
  return name === "management_token" ? managementTokenProblem(text) : undefined;
}

/** It signs and is never sent: any text will do. */
function signingSecretProblem(text: string): string | undefined {
  if (Buffer.byteLength(text) >= minSigningSecretBytes) return undefined;
  return `is too short, should have at least ${minSigningSecretBytes} bytes`;
}

function managementTokenProblem(text: string): string | undefined {
  if (text.length < minManagementTokenLength)
    return `is too short, should have at least ${minManagementTokenLength} characters`;
  return text.startsWith(apiKeyPrefix) ? `begins with ${apiKeyPrefix} as API keys do, should not` : undefined;
}

/**
 * What is wrong with a request, all of it in one answer.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/** How many are told; a request that is wrong in more places is not written by hand. */
const maxViolations = 16;
/** How much of a name a client made up is repeated. */
const maxNameLength = 64;

/** What has been found to be wrong. */
export class Violations {
  readonly #found: { readonly path: string; readonly message: string }[] = [];

  /** Whether looking for more is of no use. */
  get isFull(): boolean {
    return this.#found.length >= maxViolations;
  }

  /** Takes note of one, at `path`; an empty path is the body itself. */
  add(path: string, message: string): void {
    if (!this.isFull) this.#found.push({ path, message });
  }

  /** @throws `invalid_request` naming everything that was found; `field` is the first */
  check(): void {
    const [first] = this.#found;
    if (!first) return;
    const texts = this.#found.map(({ path, message }) => `${path === "" ? "body" : path}: ${message}`);
    throw new ProxyError("invalid_request", texts.join("; "), first.path === "" ? {} : { field: first.path });
  }
}

/** The path of a member of an object. */
export function memberPath(parent: string, name: string): string {
  if (/^[A-Za-z_]\w{0,63}$/.test(name)) return parent === "" ? name : `${parent}.${name}`;
  return `${parent}[${JSON.stringify(shown(name))}]`;
}

/** The path of an element of an array. */
export function elementPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/** A name a client made up, cut to what is worth repeating. */
export function shown(name: string): string {
  return name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name;
}

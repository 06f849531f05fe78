/**
 * Programs that tests use for real, where the machine has them.
 *
 * @module
 */

import { accessSync, constants } from "node:fs";

/** The variables of a process, e.g. `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A program outside of this repository. */
export type RealComponent = "chromium";

/** Where tests look for a component. */
interface Place {
  /** Names the program; nothing else is tried when it is set. */
  readonly variable: string;
  readonly path: string;
  /** What to do where it is absent. */
  readonly remedy: string;
}

const places: Readonly<Record<RealComponent, Place>> = {
  chromium: {
    variable: "LLMPROXY_TEST_CHROMIUM",
    path: "/usr/bin/chromium",
    remedy: "install Debian's package chromium, or say in LLMPROXY_TEST_CHROMIUM where one is",
  },
};

/** Finds the program of a component. @returns its path; nothing where there is none that may be run */
export function findComponent(name: RealComponent, environment: Environment): string | undefined {
  const { variable, path } = places[name];
  const candidate = environment[variable] || path;
  try {
    accessSync(candidate, constants.X_OK);
    return candidate;
  } catch {
    return undefined;
  }
}

/**
 * Looks for all components, and says one line for each that is absent: its tests are skipped.
 *
 * @param say - shows a line to whoever runs the tests
 * @throws Error when one is absent, or not known, that `LLMPROXY_TEST_REQUIRE` names (separated by commas)
 */
export function checkComponents(environment: Environment, say: (line: string) => void): void {
  const required = (environment.LLMPROXY_TEST_REQUIRE ?? "").split(",").map((name) => name.trim());
  const known = Object.entries(places);
  const unknown = required.find((name) => name !== "" && !Object.hasOwn(places, name));
  if (unknown !== undefined)
    throw new Error(
      `LLMPROXY_TEST_REQUIRE: no test uses ${JSON.stringify(unknown)}; known: ${known.map(([name]) => name).join(", ")}`,
    );
  for (const [name, { remedy }] of known) {
    if (findComponent(name as RealComponent, environment) !== undefined) continue;
    if (required.includes(name))
      throw new Error(`${name} is absent, and LLMPROXY_TEST_REQUIRE asks for it: ${remedy}`);
    say(`${name} is absent, its tests are skipped: ${remedy}`);
  }
}

/**
 * The command line of the bench.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scenarios } from "./scenarios/scenarios.ts";
import type { Effort } from "./scenarios/trial.ts";

/** What the user asks for. */
export interface CommandLine {
  readonly help: boolean;
  /** Scenarios to run; all when empty. */
  readonly only: readonly string[];
  /** Subjects to leave out. */
  readonly without: readonly string[];
  /** Where all rounds are written. */
  readonly json: string;
  /** Another bundle of the server than that of this checkout. */
  readonly bundle: string | undefined;
  readonly effort: Effort;
}

/** What `--help` prints. */
export const help = `usage: pnpm bench [options]

Measures the server beside a bare relay and a peer gateway, in interleaved rounds.

  --quick            fewer and shorter rounds: about two minutes, and only a first impression
  --only A,B         only these scenarios: ${Object.keys(scenarios).join(", ")}
  --without A,B      leave these out: bare, portkey (installed from npm at first use)
  --rounds N         how many rounds
  --json FILE        where all rounds are written (benchmarks/results/latest.json)
  --bundle FILE      measure this bundle of the server instead of the one just built
  --help             print this
`;

const thorough: Effort = { rounds: 4, warmupMs: 300, durationMs: 1_000 };
const quick: Effort = { rounds: 2, warmupMs: 200, durationMs: 500 };

const defaultJson = fileURLToPath(new URL("../results/latest.json", import.meta.url));

/**
 * Reads the command line.
 *
 * @returns what is wrong with it, as a sentence, when something is
 */
export function readCommandLine(args: readonly string[]): CommandLine | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        only: { type: "string", default: "" },
        without: { type: "string", default: "" },
        rounds: { type: "string" },
        json: { type: "string", default: defaultJson },
        bundle: { type: "string" },
      },
    });
    const only = listOf(values.only);
    const unknown = only.find((name) => !Object.hasOwn(scenarios, name));
    if (unknown !== undefined) return `there is no scenario "${unknown}"`;
    const effort = values.quick ? quick : thorough;
    const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) return "--rounds must be a whole number from 1";
    const { help: asksForHelp, json, bundle } = values;
    return {
      help: asksForHelp,
      only,
      without: listOf(values.without),
      json,
      bundle,
      effort: { ...effort, rounds },
    };
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  }
}

function listOf(text: string): readonly string[] {
  return text.split(",").filter((name) => name !== "");
}

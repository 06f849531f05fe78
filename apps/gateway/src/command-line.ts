/**
 * What can be typed, `llmproxy-gateway [flags]`, and what is told back.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ProxyError } from "@llmproxy/spec";

/** What the command line says. */
export interface CommandLine {
  /** Shows what can be typed, and ends. */
  readonly help: boolean;
  /** The configuration file, as an absolute path; the default one of the working directory when absent. */
  readonly config?: string;
  /** The data directory, as an absolute path. */
  readonly dataDirectory: string;
  /** Settings, as one more layer of the configuration. */
  readonly flags: Record<string, unknown>;
}

/** What `--help` prints. */
export const usage = `Usage: llmproxy-gateway [options]

One port in front of every large language model, by HTTP and JSON only.

Options:
  --config <file>        the configuration file (env: LLMPROXY_CONFIG)
  --data-dir <folder>    where the gateway keeps its data (default: "./data", env: LLMPROXY_DATA_DIR)
  --host <address>       the address to listen on
  --port <number>        the port to listen on; 0 takes a free one
  --log-level <level>    debug, info, warn, error or silent
  --no-auth              let anybody do anything; for development
  --help                 show this
`;

const options = {
  config: { type: "string" },
  "data-dir": { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  "log-level": { type: "string" },
  "no-auth": { type: "boolean" },
  help: { type: "boolean" },
} as const;

/**
 * Reads the command line.
 *
 * @param args - without the names of node and the program
 * @param directory - the working directory, which relative paths are below
 * @throws `invalid_request` for what cannot be typed
 */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): CommandLine {
  const values = parse(args);
  const config = values.config ?? environment.LLMPROXY_CONFIG;
  const dataDirectory = values["data-dir"] ?? environment.LLMPROXY_DATA_DIR ?? "data";
  const level = values["log-level"];
  return {
    help: values.help ?? false,
    ...(config !== undefined && { config: resolve(directory, config) }),
    dataDirectory: resolve(directory, dataDirectory),
    flags: {
      server: {
        ...(values.host !== undefined && { host: values.host }),
        ...(values.port !== undefined && { port: numeric(values.port) }),
      },
      ...(level !== undefined && { telemetry: { log: { level } } }),
      ...(values["no-auth"] && { auth: { enabled: false } }),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (reason) {
    const message = reason instanceof Error ? reason.message : String(reason);
    throw new ProxyError("invalid_request", `${message}\n(--help shows what can be typed)`);
  }
}

/** Text that is no number stays as it is: the schema then says what would be right. */
function numeric(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/**
 * What a person is told once the gateway is ready.
 *
 * @param keysPath - where the first start's keys are; absent where a management token is configured
 */
export function readyText(url: string, keysPath: string | undefined): string {
  const keys = keysPath === undefined ? "" : `\n  Keys are in ${keysPath}`;
  return `\n  llmproxy-gateway is ready at ${url}${keys}\n  ${url}/docs shows what it answers\n\n`;
}

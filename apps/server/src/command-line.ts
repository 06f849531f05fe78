/**
 * The command line: what can be typed, and what its exit codes mean.
 *
 * @module
 */

import { Code, ConnectError } from "@connectrpc/connect";
import { ConfigError } from "@llmproxy/config";
import { ProxyError } from "@llmproxy/spec";
import { Command, CommanderError, Option } from "commander";
import { addConfigCommand } from "./commands/config.ts";
import { messageOf } from "./commands/connect-error.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addInitCommand } from "./commands/init.ts";
import { addJwtCommands } from "./commands/jwt.ts";
import { addKeyCommand } from "./commands/key.ts";
import { addProjectCommand } from "./commands/project.ts";
import { addServeCommand } from "./commands/serve.ts";
import type { Host } from "./host.ts";
import { version } from "./version.ts";

/** 0: done. 1: failed. 2: wrong use or configuration. */
export type ExitCode = 0 | 1 | 2;

/** Runs the command in the host's arguments. Never throws. */
export async function runCommandLine(host: Host): Promise<ExitCode> {
  const program = createProgram(host);
  try {
    await program.parseAsync([...host.arguments], { from: "user" });
    return 0;
  } catch (reason) {
    return explain(reason, host);
  }
}

function createProgram(host: Host): Command {
  const program = new Command("llmproxy")
    .description("One port in front of every large language model.")
    .version(version)
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
    })
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows what can be typed)")
    // `key create x --data-dir …` and `--data-dir … key create x` both read naturally.
    .addOption(
      new Option("--data-dir <folder>", "where the server keeps its data")
        .env("LLMPROXY_DATA_DIR")
        .default("./data"),
    )
    .addOption(new Option("--config <file>", "the configuration file").env("LLMPROXY_CONFIG"));
  addServeCommand(program, host);
  addInitCommand(program, host);
  addProjectCommand(program, host);
  addKeyCommand(program, host);
  addJwtCommands(program, host);
  addConfigCommand(program, host);
  addDoctorCommand(program, host);
  return program;
}

function explain(reason: unknown, host: Host): ExitCode {
  // Commander has printed what was wrong, or the help that was asked for.
  if (reason instanceof CommanderError) return reason.exitCode === 0 ? 0 : 2;
  if (reason instanceof ConfigError) {
    host.stderr.write(`llmproxy: the configuration is not valid\n${reason.message}\n`);
    return 2;
  }
  if (reason instanceof ConnectError) {
    host.stderr.write(`llmproxy: ${messageOf(reason)}\n`);
    return reason.code === Code.InvalidArgument ? 2 : 1;
  }
  const error = ProxyError.from(reason);
  if (error.code === "internal")
    host.stderr.write(`llmproxy: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
  else host.stderr.write(`llmproxy: ${error.message}\n`);
  return error.code === "invalid_request" ? 2 : 1;
}

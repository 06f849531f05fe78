/**
 * `llmproxy init`: writes a commented configuration file.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { initialConfigText } from "@llmproxy/config";
import { ProxyError } from "@llmproxy/spec";
import type { Command } from "commander";
import type { Host } from "../host.ts";
import type { CommonOptions } from "./load-host-config.ts";
import { print } from "./output.ts";

/** Adds the command. */
export function addInitCommand(program: Command, host: Host): void {
  program
    .command("init")
    .description("write a commented llmproxy.yaml")
    .option("--json", "print the result as JSON")
    .action((_options, command: Command) => init(command.optsWithGlobals<CommonOptions>(), host));
}

async function init(options: CommonOptions, host: Host): Promise<void> {
  const path = resolve(host.directory, options.config ?? "llmproxy.yaml");
  if (!/\.ya?ml$/.test(path))
    throw new ProxyError(
      "invalid_request",
      `--config: init writes YAML; expected a name that ends in .yaml, got ${path}`,
    );
  try {
    // `wx` never overwrites: the file may be somebody's work.
    await writeFile(path, initialConfigText(), { flag: "wx", mode: 0o600 });
  } catch (reason) {
    if (reason instanceof Error && "code" in reason && reason.code === "EEXIST")
      throw new ProxyError("conflict", `${path} exists; it is not overwritten`);
    throw new ProxyError("unavailable", `${path} cannot be written`, { cause: reason });
  }
  print(host, options.json, { file: path }, `wrote ${path}`);
}

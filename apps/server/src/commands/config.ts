/**
 * `llmproxy config show|validate`: the configuration in effect, and whether it is valid.
 *
 * @module
 */

import { ConfigError } from "@llmproxy/config";
import type { Command } from "commander";
import type { Host } from "../host.ts";
import { type CommonOptions, loadHostConfig } from "./load-host-config.ts";
import { print, printTable } from "./output.ts";

/** Adds the commands. */
export function addConfigCommand(program: Command, host: Host): void {
  const config = program.command("config").description("look at the configuration");
  config
    .command("show")
    .description("the configuration in effect, with where each value comes from; secrets are not shown")
    .option("--json", "print as JSON")
    .action((_options, command: Command) => show(command.optsWithGlobals<CommonOptions>(), host));
  config
    .command("validate")
    .description("check the configuration and list everything that is wrong")
    .option("--json", "print as JSON")
    .action((_options, command: Command) => validate(command.optsWithGlobals<CommonOptions>(), host));
}

async function show(options: CommonOptions, host: Host): Promise<void> {
  const loaded = await loadHostConfig(host, options);
  if (options.json) {
    print(host, true, {
      config: loaded.redacted(),
      sources: Object.fromEntries(loaded.sources),
      file: loaded.file ?? null,
    });
    return;
  }
  const values = new Map(leaves(loaded.redacted()));
  printTable(
    host,
    ["KEY", "VALUE", "FROM"],
    [...values].map(([path, value]) => [path, JSON.stringify(value), loaded.sources.get(path) ?? "default"]),
  );
}

async function validate(options: CommonOptions, host: Host): Promise<void> {
  try {
    const { file } = await loadHostConfig(host, options);
    print(
      host,
      options.json,
      { valid: true, file: file ?? null, violations: [] },
      `valid: ${file ?? "no file, defaults only"}`,
    );
  } catch (reason) {
    if (options.json && reason instanceof ConfigError)
      print(host, true, { valid: false, violations: [...reason.violations] });
    throw reason;
  }
}

/** Every value of a tree with its path: `providers[0].name`. */
function* leaves(value: unknown, path = ""): Generator<[string, unknown]> {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    yield [path, value];
    return;
  }
  const inList = Array.isArray(value);
  for (const [key, member] of Object.entries(value))
    yield* leaves(member, inList ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`);
}

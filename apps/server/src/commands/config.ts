/**
 * `llmproxy config …`: look at the configuration, check it and change it.
 *
 * @module
 */

import type { Command } from "commander";
import type { Host } from "../host.ts";
import { addAdministrationOptions } from "./administration-output.ts";
import type { ConfigOptions } from "./config/config-options.ts";

type Run = (host: Host, options: ConfigOptions, ...given: string[]) => Promise<void>;

/** Adds a command to the group; what it needs is loaded when it runs. */
type Add = (usage: string, description: string, load: () => Promise<Run>) => Command;

/** Adds the commands. */
export function addConfigCommand(program: Command, host: Host): void {
  const config = program.command("config").description("look at the configuration, check it and change it");
  const add: Add = (usage, description, load) =>
    config
      .command(usage)
      .description(description)
      .action(async (...given: unknown[]) => {
        const command = given.at(-1) as Command;
        const run = await load();
        await run(host, command.optsWithGlobals<ConfigOptions>(), ...command.args);
      });
  addLooking(add);
  addChanging(add);
  addChecking(add);
}

function addLooking(add: Add): void {
  const all = "the configuration in effect, with where each value comes from; secrets are not shown";
  const one = "the value of one setting, or those of a section";
  addAdministrationOptions(
    add("show [path]", all, async () => (await import("./config/show.ts")).showConfig),
  );
  addAdministrationOptions(add("get <path>", one, async () => (await import("./config/get.ts")).getSetting));
}

const save = "write it into the configuration file, which a running server follows";
const values = "The value is written as in the file: 9000, true, null, 30s, [a, b], { rpm: 60 }.";

function addChanging(add: Add): void {
  const set = "change a setting: of the running server until it stops, else in the file";
  const unset = "end the override of a setting, or take it out of the file";
  addAdministrationOptions(
    add("set <path> <value>", set, async () => (await import("./config/set.ts")).setSetting),
  )
    .option("--save", save)
    .addHelpText("after", `\n${values}`);
  addAdministrationOptions(
    add("unset <path>", unset, async () => (await import("./config/unset.ts")).unsetSetting),
  ).option("--save", save);
}

function addChecking(add: Add): void {
  const schema = "the JSON Schema of the configuration file, for editors";
  const validate =
    "check a configuration file, by default the one a start would read, and list everything that is wrong";
  add("schema", schema, async () => (await import("./config/schema.ts")).writeSchema)
    .option("--output <file>", "where to write it; printed otherwise")
    .option("--json", "print what was written as JSON");
  add("validate [file]", validate, async () => (await import("./config/validate.ts")).validateConfig).option(
    "--json",
    "print as JSON",
  );
}

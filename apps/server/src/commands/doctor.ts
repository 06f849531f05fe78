/**
 * `llmproxy doctor`: checks of everything a start needs.
 *
 * @module
 */

import type { Command } from "commander";
import type { Host } from "../host.ts";
import { addAdministrationOptions } from "./administration-output.ts";
import type { DoctorOptions } from "./doctor/checkup.ts";

/** Adds the command. What it needs is a good part of the server; other commands start without it. */
export function addDoctorCommand(program: Command, host: Host): void {
  addAdministrationOptions(
    program.command("doctor").description("check everything a start needs, and the server that runs"),
  )
    .option("--offline", "connect to no provider and fetch no keys")
    .action(async (_options, command: Command) => {
      const { runDoctor } = await import("./doctor/run-doctor.ts");
      await runDoctor(host, command.optsWithGlobals<DoctorOptions>());
    });
}

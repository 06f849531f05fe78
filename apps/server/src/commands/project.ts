/**
 * `llmproxy project …`
 *
 * @module
 */

import { toJson } from "@bufbuild/protobuf";
import { type Project, ProjectSchema } from "@llmproxy/proto";
import type { Command } from "commander";
import type { Host } from "../host.ts";
import { type AdministrationOptions, administer } from "./administration.ts";
import { addAdministrationOptions, allPages, required, timeText } from "./administration-output.ts";
import { print, printTable } from "./output.ts";

interface ProjectOptions extends AdministrationOptions {
  readonly name?: string;
  readonly active?: boolean;
}

/** Adds the commands. */
export function addProjectCommand(program: Command, host: Host): void {
  const project = program.command("project").description("manage projects");
  const add = (
    usage: string,
    description: string,
    run: (options: ProjectOptions, argument: string) => Promise<void>,
  ): Command =>
    addAdministrationOptions(project.command(usage).description(description)).action(
      (...given: unknown[]) => {
        const command = given.at(-1) as Command;
        return run(command.optsWithGlobals<ProjectOptions>(), command.args[0] ?? "");
      },
    );
  add("create <name>", "create a project", (options, name) => create(host, options, name));
  add("list", "list all projects", (options) => list(host, options));
  add("show <id>", "show a project", (options, id) => show(host, options, id));
  add("update <id>", "rename a project, or switch it on or off", (options, id) => update(host, options, id))
    .option("--name <name>", "a new name")
    .option("--active", "accept its keys")
    .option("--no-active", "refuse its keys");
}

function create(host: Host, options: ProjectOptions, name: string): Promise<void> {
  return administer(host, options, async ({ projects }) => {
    const { project } = await projects.createProject({ name });
    printProject(host, options, required(project));
  });
}

function show(host: Host, options: ProjectOptions, id: string): Promise<void> {
  return administer(host, options, async ({ projects }) => {
    const { project } = await projects.getProject({ id });
    printProject(host, options, required(project));
  });
}

function update(host: Host, options: ProjectOptions, id: string): Promise<void> {
  const { name, active } = options;
  return administer(host, options, async ({ projects }) => {
    const changes = {
      ...(name !== undefined && { name }),
      ...(active !== undefined && { isActive: active }),
    };
    const { project } = await projects.updateProject({ id, ...changes });
    printProject(host, options, required(project));
  });
}

function list(host: Host, options: ProjectOptions): Promise<void> {
  return administer(host, options, async ({ projects }) => {
    const all = await allPages(async (pageToken) => {
      const page = await projects.listProjects({ pageSize: 1000, pageToken });
      return { items: page.projects, nextPageToken: page.nextPageToken };
    });
    if (options.json) print(host, true, all.map(jsonOf));
    else printTable(host, ["ID", "NAME", "ACTIVE", "CREATED"], all.map(rowOf));
  });
}

function printProject(host: Host, options: ProjectOptions, project: Project): void {
  if (options.json) print(host, true, jsonOf(project));
  else printTable(host, ["ID", "NAME", "ACTIVE", "CREATED"], [rowOf(project)]);
}

function jsonOf(project: Project): unknown {
  return toJson(ProjectSchema, project, { useProtoFieldName: true, alwaysEmitImplicit: true });
}

function rowOf({ id, name, isActive, createdAt }: Project): string[] {
  return [id, name, isActive ? "yes" : "no", timeText(createdAt)];
}

/**
 * `llmproxy key …`
 *
 * @module
 */

import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { CreateKeyResponseSchema, type Key, KeySchema } from "@llmproxy/proto";
import { ProxyError, systemClock } from "@llmproxy/spec";
import type { Command } from "commander";
import type { Host } from "../host.ts";
import { type AdministrationOptions, administer } from "./administration.ts";
import { addAdministrationOptions, allPages, required, timeText } from "./administration-output.ts";
import { print, printTable } from "./output.ts";

interface KeyOptions extends AdministrationOptions {
  readonly project?: string;
  readonly expires?: string;
  readonly model?: readonly string[];
}

const heading = ["ID", "NAME", "PROJECT", "STATE", "EXPIRES", "MODELS"];
const asJson = { useProtoFieldName: true, alwaysEmitImplicit: true };

/** Adds the commands. */
export function addKeyCommand(program: Command, host: Host): void {
  const key = program.command("key").description("manage API keys");
  const add = (
    usage: string,
    description: string,
    run: (options: KeyOptions, argument: string) => Promise<void>,
  ): Command =>
    addAdministrationOptions(key.command(usage).description(description)).action((...given: unknown[]) => {
      const command = given.at(-1) as Command;
      return run(command.optsWithGlobals<KeyOptions>(), command.args[0] ?? "");
    });
  add("create <name>", "create a key and show it, this once", (options, name) => create(host, options, name))
    .option("--project <id>", "the project it belongs to", "default")
    .option(
      "--expires <time>",
      "when it ends, e.g. 2027-01-31T00:00:00Z; in 90 days by default, in 365 at the latest",
    )
    .option("--model <glob>", "a model it may ask for, may be given several times; all by default", collect);
  add("list", "list keys", (options) => list(host, options)).option(
    "--project <id>",
    "only keys of this project",
  );
  add("show <id>", "show a key, without its secret", (options, id) => show(host, options, id));
  add("revoke <id>", "revoke a key at once", (options, id) => revoke(host, options, id));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function create(host: Host, options: KeyOptions, name: string): Promise<void> {
  const expiresAt = options.expires === undefined ? undefined : momentOf(options.expires);
  return administer(host, options, async ({ keys }) => {
    const created = await keys.createKey({
      projectId: options.project ?? "",
      name,
      allowedModels: [...(options.model ?? [])],
      ...(expiresAt && { expiresAt }),
    });
    if (options.json) {
      print(host, true, toJson(CreateKeyResponseSchema, created, asJson));
      return;
    }
    printTable(host, heading, [rowOf(required(created.key))]);
    host.stdout.write(`\n${created.secret}\n\nThis is the only time the key is shown.\n`);
  });
}

function list(host: Host, options: KeyOptions): Promise<void> {
  return administer(host, options, async ({ keys }) => {
    const all = await allPages(async (pageToken) => {
      const page = await keys.listKeys({ projectId: options.project ?? "", pageSize: 1000, pageToken });
      return { items: page.keys, nextPageToken: page.nextPageToken };
    });
    if (options.json)
      print(
        host,
        true,
        all.map((key) => toJson(KeySchema, key, asJson)),
      );
    else printTable(host, heading, all.map(rowOf));
  });
}

function show(host: Host, options: KeyOptions, id: string): Promise<void> {
  return administer(host, options, async ({ keys }) =>
    printKey(host, options, required((await keys.getKey({ id })).key)),
  );
}

function revoke(host: Host, options: KeyOptions, id: string): Promise<void> {
  return administer(host, options, async ({ keys }) =>
    printKey(host, options, required((await keys.revokeKey({ id })).key)),
  );
}

function printKey(host: Host, options: KeyOptions, key: Key): void {
  if (options.json) print(host, true, toJson(KeySchema, key, asJson));
  else printTable(host, heading, [rowOf(key)]);
}

function rowOf({ id, name, projectId, revokedAt, expiresAt, allowedModels }: Key): string[] {
  const hasExpired = expiresAt && timestampMs(expiresAt) <= systemClock.now();
  const state = revokedAt ? "revoked" : hasExpired ? "expired" : "valid";
  return [
    id,
    name,
    projectId,
    state,
    timeText(expiresAt),
    allowedModels.length > 0 ? allowedModels.join(" ") : "all",
  ];
}

function momentOf(text: string): Timestamp {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new ProxyError(
      "invalid_request",
      `--expires: expected a time such as 2027-01-31T00:00:00Z, got ${JSON.stringify(text)}`,
    );
  return timestampFromMs(time);
}

/**
 * What administrative commands share.
 *
 * @module
 */

import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { ProxyError } from "@llmproxy/spec";
import type { Command } from "commander";

/** Adds the options of every administrative command. */
export function addAdministrationOptions(command: Command): Command {
  return command
    .option(
      "--server <url>",
      "a running server; otherwise the one that owns the data directory, or the directory itself",
    )
    .option("--token-file <file>", "the file that holds the management token")
    .option("--json", "print as JSON");
}

/** Reads all pages of a list. */
export async function allPages<T>(
  read: (pageToken: string) => Promise<{ readonly items: readonly T[]; readonly nextPageToken: string }>,
): Promise<T[]> {
  const all: T[] = [];
  let pageToken = "";
  do {
    const page = await read(pageToken);
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return all;
}

/** A message every server of this API answers with. @throws `internal` for one that does not */
export function required<T>(message: T | undefined): T {
  if (message === undefined)
    throw new ProxyError("internal", "the server answered without the object it was asked for");
  return message;
}

/** A moment as people read it; `-` when there is none. */
export function timeText(timestamp: Timestamp | undefined): string {
  return timestamp ? timestampDate(timestamp).toISOString().slice(0, 19).replace("T", " ") : "-";
}

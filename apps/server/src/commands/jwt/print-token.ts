/**
 * Handing a new token over.
 *
 * @module
 */

import { resolve } from "node:path";
import { writeSecretFile } from "@llmproxy/core/config";
import { ProxyError, type Secret } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { print } from "../output.ts";
import { momentText } from "./moment-text.ts";

/** A token, and what to say about it. */
export interface NewToken {
  readonly jwt: Secret;
  readonly id: string;
  readonly subject: string;
  readonly expiresAt: Date;
}

/** How to hand it over. */
export interface PrintTokenOptions {
  readonly json?: boolean;
  /** The file to write it to. */
  readonly output?: string;
}

/**
 * Prints a token, alone on stdout so that a script can take it; or writes it to a file of mode 0600.
 *
 * @throws `unavailable` when the file cannot be written
 */
export async function printToken(
  host: Host,
  { json, output }: PrintTokenOptions,
  token: NewToken,
): Promise<void> {
  const { jwt, id, subject, expiresAt } = token;
  const about = { id, subject, expires_at: expiresAt.toISOString() };
  const story = `for ${subject}, valid until ${momentText(expiresAt)}`;
  if (output === undefined) {
    print(host, json, { jwt: jwt.reveal(), ...about }, jwt.reveal());
    if (!json) host.stderr.write(`${story}; this is the only time it is shown\n`);
    return;
  }
  const file = resolve(host.directory, output);
  try {
    await writeSecretFile(file, `${jwt.reveal()}\n`);
  } catch (reason) {
    throw new ProxyError("unavailable", `--output: ${file} cannot be written`, { cause: reason });
  }
  print(host, json, { file, ...about }, `wrote ${file}: ${story}`);
}

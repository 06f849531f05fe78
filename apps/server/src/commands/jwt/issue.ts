/**
 * `llmproxy jwt issue SUBJECT`: a token of the server's own.
 *
 * @module
 */

import { type Duration, durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import { ProxyError, Secret } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { type AdministrationOptions, administer } from "../administration.ts";
import { required } from "../administration-output.ts";
import { type PrintTokenOptions, printToken } from "./print-token.ts";

/** Options of the command. */
export interface IssueOptions extends AdministrationOptions, PrintTokenOptions {
  readonly role?: readonly string[];
  readonly project?: string;
  readonly expiresIn?: string;
  readonly json?: boolean;
}

/** Issues a token, by the running server or on the data directory itself. */
export function issueToken(host: Host, options: IssueOptions, subject: string): Promise<void> {
  const ttl = options.expiresIn === undefined ? undefined : durationOf(options.expiresIn);
  return administer(host, options, async ({ jwts }) => {
    const { jwt, id, expiresAt } = await jwts.issueJwt({
      subject,
      roles: [...(options.role ?? [])],
      projectId: options.project ?? "",
      ...(ttl && { ttl }),
    });
    const token = { jwt: new Secret(jwt), id, subject, expiresAt: timestampDate(required(expiresAt)) };
    await printToken(host, options, token);
  });
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationOf(text: string): Duration {
  const [, count = "", unit = ""] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms === 0)
    throw new ProxyError(
      "invalid_request",
      `--expires-in: expected a time such as 30m, 1h, 12h or 30d, got ${JSON.stringify(text)}`,
    );
  return durationFromMs(ms);
}

/**
 * `llmproxy jwt inspect [TOKEN]`: what is in a token, and what would be refused about it.
 *
 * The token itself is never printed: what is shown may be pasted into a report.
 *
 * @module
 */

import { resolve } from "node:path";
import { type AcceptedIssuer, type InspectedJwt, inspectJwt } from "@llmproxy/auth";
import { readAcceptedIssuers } from "@llmproxy/core/config";
import { type JsonValue, ProxyError, systemClock } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { type CommonOptions, loadHostConfig } from "../load-host-config.ts";
import { print } from "../output.ts";
import { fetchKeySet } from "./fetch-key-set.ts";
import { momentText } from "./moment-text.ts";

/** Options of the command. */
export interface InspectOptions extends CommonOptions {
  /** Whether to do without keys that would have to be fetched. */
  readonly offline?: boolean;
}

/** What was found, and what of it could not be looked at. */
interface Inspection extends InspectedJwt {
  /** Why the signature was not checked. */
  readonly unchecked?: string;
}

/** More than a header may hold. */
const maxTokenBytes = 65_536;

/**
 * Inspects a token.
 *
 * @throws `unauthenticated` naming the reasons when it would be refused
 */
export async function inspectToken(host: Host, options: InspectOptions, given?: string): Promise<void> {
  const text = given === undefined || given === "-" ? await readStdin(host) : given;
  const { config } = await loadHostConfig(host, options);
  const issuers = await readAcceptedIssuers(
    config.auth,
    resolve(host.directory, options.dataDir),
    systemClock,
  );
  const found = await inspect(text.trim(), issuers, options.offline ?? false);
  print(host, options.json, jsonOf(found), textOf(found));
  if (found.findings.length > 0)
    throw new ProxyError(
      "unauthenticated",
      `the token would be refused: ${found.findings.map(({ meaning }) => meaning).join("; ")}`,
    );
}

async function readStdin({ stdin }: Host): Promise<string> {
  if (stdin.isTTY)
    throw new ProxyError(
      "invalid_request",
      "no token: pass it through stdin, as in `llmproxy jwt inspect - < FILE`, so that no history keeps it",
    );
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxTokenBytes) throw new ProxyError("invalid_request", "stdin holds more than a token");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function inspect(
  text: string,
  issuers: readonly AcceptedIssuer[],
  isOffline: boolean,
): Promise<Inspection> {
  const clock = systemClock;
  const first = await inspectJwt(text, { clock });
  if (!first.claims) return first;
  const issuer = issuers.find((one) => one.issuer === first.claims?.iss);
  if (!issuer) return unknownIssuer(first, issuers);
  if (issuer.keys.kind !== "remote") return inspectJwt(text, { clock, issuer });
  const unchecked = (why: string): Promise<Inspection> =>
    inspectJwt(text, { clock, issuer }).then((found) => ({ ...found, unchecked: why }));
  if (isOffline) return unchecked("its keys would have to be fetched (--offline)");
  try {
    return await inspectJwt(text, { clock, issuer, jwks: await fetchKeySet(issuer.keys) });
  } catch (reason) {
    return unchecked(`the keys at ${issuer.keys.url} cannot be had: ${ProxyError.from(reason).message}`);
  }
}

function unknownIssuer(found: InspectedJwt, issuers: readonly AcceptedIssuer[]): Inspection {
  const names =
    issuers.map(({ issuer }) => JSON.stringify(issuer)).join(", ") || "nobody's: no key and no auth.jwt";
  const meaning = `its issuer (\`iss\`) is not accepted; accepted are those of ${names}`;
  return { ...found, findings: [...found.findings, { reason: "issuer_unknown", meaning }] };
}

function jsonOf(found: Inspection) {
  const { header, claims, issuedAt, notBefore, expiresAt, signature, findings, unchecked } = found;
  return {
    valid: findings.length === 0,
    signature,
    ...(unchecked !== undefined && { unchecked }),
    findings,
    header: header ?? null,
    claims: claims ?? null,
    issued_at: issuedAt?.toISOString() ?? null,
    not_before: notBefore?.toISOString() ?? null,
    expires_at: expiresAt?.toISOString() ?? null,
  };
}

function textOf(found: Inspection): string {
  const { header, claims, issuedAt, notBefore, expiresAt, signature, unchecked, findings } = found;
  const verdict =
    findings.length > 0 ? "refused" : signature === "valid" ? "valid" : "nothing wrong, as far as checked";
  return [
    ...members("header", header),
    ...members("claims", claims),
    ...moment("issued", issuedAt),
    ...moment("valid from", notBefore),
    ...moment("expires", expiresAt),
    `signature  ${signature}${unchecked === undefined ? "" : `: ${unchecked}`}`,
    ...findings.map(({ reason, meaning }) => `refused    ${reason}: ${meaning}`),
    `verdict    ${verdict}`,
  ].join("\n");
}

function members(
  title: string,
  object: Readonly<Record<string, JsonValue | undefined>> | undefined,
): readonly string[] {
  return Object.entries(object ?? {}).map(
    ([name, value]) => `${title.padEnd(10)} ${name}: ${JSON.stringify(value)}`,
  );
}

function moment(title: string, at: Date | undefined): readonly string[] {
  return at ? [`${title.padEnd(10)} ${momentText(at)}`] : [];
}

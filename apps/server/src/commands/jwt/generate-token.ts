/**
 * `llmproxy generate-token SUBJECT`: a token signed with a secret that the server shares with whoever makes tokens.
 *
 * @module
 */

import { issueHs256, parseTokenLifetime } from "@llmproxy/auth";
import type { JwtIssuerConfig } from "@llmproxy/config";
import { longestSecretTtlMs } from "@llmproxy/core/config";
import { ProxyError, type Secret, systemClock } from "@llmproxy/spec";
import type { Host } from "../../host.ts";
import { type CommonOptions, loadHostConfig } from "../load-host-config.ts";
import { type PrintTokenOptions, printToken } from "./print-token.ts";

/** Options of the command. */
export interface GenerateTokenOptions extends CommonOptions, PrintTokenOptions {
  readonly expiresIn: string;
  readonly role?: readonly string[];
  readonly project?: string;
  readonly issuer?: string;
  readonly json?: boolean;
}

/** An issuer that can be signed for. */
type SecretIssuer = JwtIssuerConfig & { readonly secret: Secret };

/**
 * Makes a token that the server accepts.
 *
 * @throws `invalid_request` saying what to configure when there is no secret to sign with
 */
export async function generateToken(
  host: Host,
  options: GenerateTokenOptions,
  subject: string,
): Promise<void> {
  const ttlMs = lifetimeOf(options.expiresIn);
  const { config, file } = await loadHostConfig(host, options);
  const entry = findIssuer(config.auth.jwt, options.issuer, file);
  const issued = await issueHs256({
    secret: entry.secret,
    issuer: entry.issuer,
    audience: entry.audience,
    subject,
    roles: (options.role ?? ["member"]).map((role) => claimFor(role, entry)),
    rolesClaim: entry.rolesClaim,
    projectClaim: entry.projectClaim,
    ...(options.project !== undefined && { projectId: options.project }),
    ttlMs,
    clock: systemClock,
  });
  await printToken(host, options, { ...issued, subject });
}

function lifetimeOf(text: string): number {
  const ttlMs = parseExpiry(text);
  if (ttlMs <= longestSecretTtlMs) return ttlMs;
  throw invalid(
    "--expires-in: the server accepts tokens of at most 366 days, such as 1y, 6m, 30d or 90 days",
  );
}

function parseExpiry(text: string): number {
  try {
    return parseTokenLifetime(text);
  } catch {
    throw invalid(`--expires-in: expected 30d, 6m (months), 1y or "90 days", got ${JSON.stringify(text)}`);
  }
}

function findIssuer(
  entries: readonly JwtIssuerConfig[],
  name: string | undefined,
  file: string | undefined,
): SecretIssuer {
  const usable = entries.filter((entry): entry is SecretIssuer => entry.secret !== undefined);
  const found = name === undefined ? usable[0] : usable.find(({ issuer }) => issuer === name);
  if (found) return found;
  if (usable.length === 0) throw invalid(howToConfigure(file, name));
  const names = usable.map(({ issuer }) => issuer).join(", ");
  throw invalid(
    `--issuer: no auth.jwt entry with a secret is called ${JSON.stringify(name)}; there is ${names}`,
  );
}

function howToConfigure(file: string | undefined, name = "llmproxy-tokens"): string {
  return [
    "no auth.jwt entry has a secret to sign with. Make one, in the folder of the configuration file:",
    "",
    "  (umask 077; openssl rand -base64 48 > jwt-secret); chmod 600 jwt-secret",
    "",
    `and add to ${file ?? "llmproxy.yaml"}:`,
    "",
    "auth:",
    "  jwt:",
    `    - issuer: ${JSON.stringify(name)}`,
    "      audience: llmproxy",
    "      secret_file: jwt-secret",
  ].join("\n");
}

/** The word of an issuer for a role: as it is called there, or by the name of the role here. */
function claimFor(role: string, { roleMap, issuer }: JwtIssuerConfig): string {
  if (Object.hasOwn(roleMap, role)) return role;
  const claim = Object.keys(roleMap).find((word) => roleMap[word] === role);
  if (claim !== undefined) return claim;
  const words = Object.entries(roleMap).map(([word, ours]) => `${word} (${ours})`);
  throw invalid(
    `--role: ${JSON.stringify(role)} means nothing for issuer ${JSON.stringify(issuer)}; there is ${words.join(", ") || "no role: its role_map is empty"}`,
  );
}

function invalid(message: string): ProxyError {
  return new ProxyError("invalid_request", message);
}

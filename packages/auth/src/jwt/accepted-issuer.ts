/**
 * Whose tokens are accepted, and what they may say.
 *
 * @module
 */

import { ProxyError, type Role, type Secret } from "@llmproxy/spec";
import type { JwtAlgorithm } from "./algorithms.ts";
import type { SigningKey } from "./signing-key.ts";

/** Where public keys are fetched. */
export interface RemoteKeys {
  readonly kind: "remote";
  /** The URL of a JWK set. */
  readonly url: string;
  /** Whether it may be unencrypted and at a private address; for whoever fetches. Default false. */
  readonly allowPrivate?: boolean;
}

/** What signatures of one issuer are checked with: always one family, never secrets beside public keys. */
export type IssuerKeys =
  | RemoteKeys
  /** Our own keys, or anybody's that we hold. */
  | { readonly kind: "ring"; readonly keys: readonly Pick<SigningKey, "id" | "algorithm" | "publicKey">[] }
  /** At least 32 bytes; implies `HS256`. */
  | { readonly kind: "secret"; readonly secret: Secret };

/** Somebody whose tokens are accepted. */
export interface AcceptedIssuer {
  /** The `iss` of the tokens, compared exactly. */
  readonly issuer: string;
  /** The `aud` the tokens must have, alone or among others. */
  readonly audience: string;
  /** Whether tokens without any `aud` are accepted too. Default false; only with a secret of its own. */
  readonly isAudienceOptional?: boolean;
  /** What tokens may be signed with; `HS256` with a secret and only then. */
  readonly algorithms: readonly JwtAlgorithm[];
  readonly keys: IssuerKeys;
  /** The `typ` the tokens must have; when absent, `JWT`, `at+jwt` (RFC 9068) or none. */
  readonly type?: "JWT" | "at+jwt";
  /** The claim that holds the roles: a string or a list of strings. */
  readonly rolesClaim: string;
  /** What its roles are called here. Others grant nothing; `root` cannot be granted. */
  readonly roleMap: Readonly<Record<string, Role>>;
  /** The roles of tokens without that claim; none when absent. */
  readonly defaultRoles?: readonly Role[];
  /** The claim that holds the id of the project; tokens without it belong to the project `default`. */
  readonly projectClaim: string;
  /** The longest time between `iat` and `exp`, in milliseconds. Default 24 h. */
  readonly maxTtlMs?: number;
  /** The longest time since `iat`, in milliseconds. Default `maxTtlMs`. */
  readonly maxAgeMs?: number;
}

const minSecretBytes = 32;

/**
 * @throws `invalid_request` (field `issuers[n].…`) when an issuer is given twice or without name or audience, its
 *   algorithms do not fit its keys, its secret has less than 32 bytes, an audience is optional without a secret,
 *   or a role is mapped to `root`
 */
export function checkAcceptedIssuers(issuers: readonly AcceptedIssuer[]): void {
  const names = new Set<string>();
  for (const [index, accepted] of issuers.entries()) {
    const problem = names.has(accepted.issuer)
      ? (["issuer", "is given twice; each issuer once"] as const)
      : problemOf(accepted);
    names.add(accepted.issuer);
    if (!problem) continue;
    const field = `issuers[${index}].${problem[0]}`;
    throw new ProxyError("invalid_request", `${field} ${problem[1]}`, { field });
  }
}

type Problem = readonly [field: string, problem: string];

function problemOf(accepted: AcceptedIssuer): Problem | undefined {
  const { issuer, audience, keys, roleMap } = accepted;
  if (issuer === "") return ["issuer", "is empty"];
  if (audience === "") return ["audience", "is empty"];
  if (accepted.isAudienceOptional && keys.kind !== "secret")
    return ["isAudienceOptional", "is for issuers with a secret: others sign tokens for many audiences"];
  if (accepted.defaultRoles?.includes("root"))
    return ["defaultRoles", "grants root, which is the management token's alone"];
  if (Object.values(roleMap).includes("root"))
    return ["roleMap", "grants root, which is the management token's alone"];
  return keyProblemOf(accepted);
}

function keyProblemOf({ algorithms, keys }: AcceptedIssuer): Problem | undefined {
  const isSecret = keys.kind === "secret";
  if (algorithms.length === 0 || algorithms.some((algorithm) => (algorithm === "HS256") !== isSecret))
    return [
      "algorithms",
      isSecret ? "must be HS256 with a secret" : "must be some of EdDSA, ES256 and RS256",
    ];
  if (keys.kind === "secret" && Buffer.byteLength(keys.secret.reveal()) < minSecretBytes)
    return ["keys.secret", `must have at least ${minSecretBytes} bytes`];
  if (keys.kind === "ring" && keys.keys.length === 0) return ["keys.keys", "is empty"];
  return undefined;
}

/**
 * `auth`: who may use the server.
 *
 * @module
 */

import type { Role, Secret } from "@llmproxy/spec";
import {
  array,
  enum as enumeration,
  optional,
  type output,
  prefault,
  record,
  strictObject,
  string,
  _default as withDefault,
} from "zod/mini";
import type { Path } from "../path.ts";
import { durationMs } from "../units.ts";
import {
  aList,
  alternatives,
  aMap,
  choice,
  duration,
  expected,
  flag,
  secretText,
  text,
  unseenText,
  variableName,
} from "./fields.ts";

/** Who may use the server. */
export interface AuthConfig {
  /** Whether callers must say who they are. Default true; only an explicit `false` opens the server. */
  readonly enabled: boolean;
  /** The token of the role `root`; absent when it is made at the first start. */
  readonly managementToken: Secret | undefined;
  /** How long a known key stays valid while the store cannot be asked, in milliseconds. Default 600,000. */
  readonly maxStaleMs: number;
  /** How the server signs the tokens it issues. */
  readonly issuer: IssuerConfig;
  /** Whose tokens are accepted besides the server's own. Default none. */
  readonly jwt: readonly JwtIssuerConfig[];
}

/** How the signature of a token is made. @see RFC 7518 §3.1, RFC 8037 §3.1 */
export type JwtAlgorithm = (typeof algorithms)[number];

/** How a signature is made that others can check and not make: with a key pair. */
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** How the server signs the tokens it issues. */
export interface IssuerConfig {
  /** What it calls itself in `iss`. Default `llmproxy`. */
  readonly issuer: string;
  /** Whom the tokens are for, in `aud`. Default `llmproxy`. */
  readonly audience: string;
  /** How it signs. Default `EdDSA`. */
  readonly algorithm: SigningAlgorithm;
  /** The file of the private key; absent when one is made at first use. */
  readonly keyFile: string | undefined;
  /** How long a token is valid, in milliseconds. Default 3,600,000. */
  readonly ttlMs: number;
}

/** Somebody whose tokens are accepted. Exactly one of `jwksUrl` and `secret` is there. */
export interface JwtIssuerConfig {
  /** The `iss` of its tokens; unique. */
  readonly issuer: string;
  /** The `aud` its tokens must have. */
  readonly audience: string;
  /** What its tokens may be signed with: of public keys `EdDSA`, `ES256` and `RS256`, of a secret `HS256`. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Where its public keys are. */
  readonly jwksUrl: string | undefined;
  /** The secret it shares with us; at least 32 bytes. */
  readonly secret: Secret | undefined;
  /** The claim that holds the roles. Default `roles`. */
  readonly rolesClaim: string;
  /** What its roles are called here; others count for nothing. */
  readonly roleMap: Readonly<Record<string, Role>>;
  /** The roles of tokens that do not have that claim. Default none: they may do nothing. */
  readonly defaultRoles: readonly Role[];
  /** The claim that holds the project. Default `project`. */
  readonly projectClaim: string;
  /** Whether its keys may be fetched unencrypted and from private addresses. Default false. */
  readonly allowPrivate: boolean;
}

const signingAlgorithms = ["EdDSA", "ES256", "RS256"] as const;
const algorithms = [...signingAlgorithms, "HS256"] as const;

/** Who checks a token that is signed with a secret can also make one; the server's own are checked by anybody. */
const ownAlgorithm = expected(
  `${alternatives(signingAlgorithms)}: a key pair, of which the public half is published`,
);

/** Every role but `root`, which is the management token's alone. */
const roles = [
  "owner",
  "admin",
  "operator",
  "billing",
  "auditor",
  "member",
  "key",
] as const satisfies readonly Role[];

const claim = (name: string) => withDefault(text("the name of a claim"), name);

const jwtSchema = strictObject(
  {
    issuer: text("the issuer of accepted tokens"),
    audience: text("the audience of accepted tokens"),
    // The default depends on where the keys come from.
    algorithms: optional(array(choice(algorithms), aList)),
    jwks_url: optional(unseenText("the https URL of a key set", /^https?:\/\/./, Boolean)),
    secret: optional(secretText),
    secret_file: optional(text("the path of a file")),
    secret_env: optional(variableName()),
    roles_claim: claim("roles"),
    role_map: withDefault(record(string(), choice(roles), aMap), {
      admin: "admin",
      write: "operator",
      read: "auditor",
      user: "member",
    }),
    default_roles: withDefault(array(choice(roles), aList), []),
    project_claim: claim("project"),
    allow_private: withDefault(flag(), false),
  },
  aMap,
);

const issuerSchema = strictObject(
  {
    issuer: withDefault(text("the issuer to write into tokens"), "llmproxy"),
    audience: withDefault(text("the audience to write into tokens"), "llmproxy"),
    algorithm: withDefault(enumeration(signingAlgorithms, ownAlgorithm), "EdDSA"),
    key_file: optional(text("the path of a file")),
    ttl: withDefault(duration("1s", "365d"), "1h"),
  },
  aMap,
);

/** The schema of `auth`. */
export const authSchema = prefault(
  strictObject(
    {
      enabled: withDefault(flag(), true),
      management_token: optional(secretText),
      management_token_file: optional(text("the path of a file")),
      management_token_env: optional(variableName()),
      max_stale: withDefault(duration("0s"), "10m"),
      issuer: prefault(issuerSchema, {}),
      jwt: withDefault(array(jwtSchema, aList), []),
    },
    aMap,
  ),
  {},
);

/** Makes the section. */
export function authConfig(
  input: output<typeof authSchema>,
  secretAt: (path: Path) => Secret | undefined,
): AuthConfig {
  const { issuer, audience, algorithm, key_file, ttl } = input.issuer;
  return {
    enabled: input.enabled,
    managementToken: secretAt(["auth", "management_token"]),
    maxStaleMs: durationMs(input.max_stale),
    issuer: { issuer, audience, algorithm, keyFile: key_file, ttlMs: durationMs(ttl) },
    jwt: input.jwt.map((entry, index) => jwtIssuerConfig(entry, secretAt(["auth", "jwt", index, "secret"]))),
  };
}

function jwtIssuerConfig(input: output<typeof jwtSchema>, secret: Secret | undefined): JwtIssuerConfig {
  return {
    issuer: input.issuer,
    audience: input.audience,
    algorithms: input.algorithms ?? (secret ? ["HS256"] : ["EdDSA", "ES256", "RS256"]),
    jwksUrl: input.jwks_url,
    secret,
    rolesClaim: input.roles_claim,
    roleMap: input.role_map,
    defaultRoles: input.default_roles,
    projectClaim: input.project_claim,
    allowPrivate: input.allow_private,
  };
}

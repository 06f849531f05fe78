/**
 * `auth`: who may use the server.
 *
 * @module
 */

import type { Secret } from "@llmproxy/spec";
import {
  array,
  optional,
  type output,
  prefault,
  record,
  strictObject,
  string,
  _default as withDefault,
} from "zod/mini";
import { durationMs } from "../units.ts";
import { aList, aMap, choice, duration, flag, secretText, text, variableName } from "./fields.ts";

/** Who may use the server. */
export interface AuthConfig {
  /** Whether callers must say who they are. Default true; only an explicit `false` opens the server. */
  readonly enabled: boolean;
  /** The token of the role `root`; absent when it is made at the first start. */
  readonly managementToken: Secret | undefined;
  /** How long a known key stays valid while the store cannot be asked, in milliseconds. Default 600,000. */
  readonly maxStaleMs: number;
}

const algorithms = ["EdDSA", "ES256", "RS256", "HS256"] as const;
const claim = (name: string) => withDefault(text("the name of a claim"), name);

const jwtSchema = strictObject(
  {
    issuer: text("the issuer of accepted tokens"),
    audience: text("the audience of accepted tokens"),
    algorithms: withDefault(array(choice(algorithms), aList), ["EdDSA", "ES256", "RS256"]),
    jwks_url: optional(text("the https URL of a key set", /^https?:\/\//)),
    secret: optional(secretText),
    secret_file: optional(text("the path of a file")),
    secret_env: optional(variableName()),
    roles_claim: claim("roles"),
    role_map: withDefault(record(string(), text("the name of a role"), aMap), {
      admin: "admin",
      write: "operator",
      read: "auditor",
      user: "member",
    }),
    project_claim: claim("project"),
  },
  aMap,
);

const issuerSchema = strictObject(
  {
    issuer: withDefault(text("the issuer to write into tokens"), "llmproxy"),
    audience: withDefault(text("the audience to write into tokens"), "llmproxy"),
    algorithm: withDefault(choice(algorithms), "EdDSA"),
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
  managementToken: Secret | undefined,
): AuthConfig {
  return { enabled: input.enabled, managementToken, maxStaleMs: durationMs(input.max_stale) };
}

/**
 * Who is asking, and what they may do.
 *
 * @module
 */

import type { Secret } from "./secret.ts";

/** What a client presented. */
export type Credentials =
  | { readonly kind: "none" }
  /** A bearer value, from whichever header: an API key, a JWT or the management token. */
  | { readonly kind: "token"; readonly token: Secret };

/**
 * Roles, from the most to the least powerful. `root`: the management token. `owner`, `admin`, `operator`,
 * `billing`, `auditor`, `member`: people and services. `key`: the data plane only.
 */
export type Role = "root" | "owner" | "admin" | "operator" | "billing" | "auditor" | "member" | "key";

/** What an operation needs; `<thing>:<action>`. */
export type Permission =
  | "completion:create"
  | "model:read"
  | "server:read"
  | "metrics:read"
  | "project:read"
  | "project:write"
  | "key:read"
  | "key:write"
  | "config:read"
  | "config:write"
  | "jwt:issue";

/** Somebody who has been authenticated. */
export interface Principal {
  /**
   * How they were authenticated; `application` for code in this process, `anonymous` only while authentication is
   * switched off.
   */
  readonly kind: "key" | "jwt" | "management" | "application" | "anonymous";
  /** For logs and records: the key's public id, the subject of a JWT, or the kind itself. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** The project they are confined to; absent when they may see every project. */
  readonly projectId?: string;
  /** Globs (`*` matches anything) of the model names they may ask for; absent when all. */
  readonly allowedModels?: readonly string[];
}

/** Tells who presented credentials. */
export interface Authenticator {
  /**
   * @throws `unauthenticated` when the credentials are missing or not valid, with nothing that tells why
   * @throws `unavailable` when it cannot be known now; never `unauthenticated` because a store is down
   */
  authenticate(credentials: Credentials, signal: AbortSignal): Promise<Principal>;
}

/**
 * Tells whose JWT a token is.
 *
 * A token in use costs a hash: what was verified is kept by the SHA-256 of the whole text, for a minute and never
 * beyond its end. Whether its project is active is known without I/O too. Whatever is wrong with a token, the
 * refusal is the same; the log gets the reason. Keys that cannot be fetched are never the caller's fault: 503.
 *
 * @module
 */

import { hash } from "node:crypto";
import type { Clock, EventBus, Logger, ProjectStore, ProxyError, Secret } from "@llmproxy/spec";
import { createBoundedCache } from "../bounded-cache.ts";
import { createProjectRecords } from "../project-records.ts";
import type { TokenAuthenticator } from "../token-authenticator.ts";
import { refuseToken } from "../unauthenticated.ts";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import type { JwtPrincipal } from "./claim-rules.ts";
import { hasJwtShape } from "./decode-jwt.ts";
import type { FetchJwks } from "./remote-key-set.ts";
import { createTrustedIssuers } from "./trusted-issuers.ts";
import { type RefusedJwt, verifyJwt } from "./verify-jwt.ts";

/** What JWTs are checked with. */
export interface JwtAuthenticatorOptions {
  /** Whose tokens are accepted; each issuer once. */
  readonly issuers: readonly AcceptedIssuer[];
  /** Fetches the keys of issuers that publish them. */
  readonly fetchJwks: FetchJwks;
  readonly projects: Pick<ProjectStore, "get">;
  /** Changes of projects on it take effect at once. */
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a project stays known while the store does not answer, in milliseconds; ≥ 10,000; default 10 minutes. */
  readonly maxStaleMs?: number;
  /** How many verified tokens are kept; default 10,000. */
  readonly maxVerified?: number;
}

/** Tells whose JWT it is. */
export interface JwtAuthenticator extends TokenAuthenticator {
  /**
   * @returns a principal of the kind `jwt`, confined to one project
   * @throws `unauthenticated` with the reason `invalid_token`; the log has the precise one
   * @throws `project_inactive` when the token is good and its project not there or switched off
   * @throws `unavailable` when the issuer's keys were never fetched, or the store does not answer and nothing
   *   recent enough is at hand
   */
  authenticate(token: Secret, signal: AbortSignal): Promise<JwtPrincipal>;
  /**
   * Replaces the issuers, for the next token on. Keys that were fetched stay at hand where they still come from
   * the same place.
   *
   * @throws `invalid_request` (field `issuers[n].…`); nothing has changed then
   */
  update(issuers: readonly AcceptedIssuer[]): void;
  /** Ends the subscription and every wait; afterwards no token is accepted. */
  close(): void;
}

interface Held {
  readonly principal: JwtPrincipal;
  /** Wall clock: the end of the token. */
  readonly expiresMs: number;
  /** Monotonic clock. */
  readonly verifiedMs: number;
}

const holdMs = 60_000;
const defaultMaxStaleMs = 600_000;
const defaultMaxVerified = 10_000;
const maxLoggedLength = 64;

/**
 * Makes the authenticator and subscribes it to the bus. Nothing is fetched before the first token.
 *
 * @throws `invalid_request` (field `issuers[n].…`) when an issuer is given twice or is not usable
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): JwtAuthenticator {
  const { fetchJwks, projects: store, bus, clock, logger, maxStaleMs = defaultMaxStaleMs } = options;
  const issuers = createTrustedIssuers({ fetchJwks, clock, logger });
  issuers.update(options.issuers);
  const projects = createProjectRecords({ projects: store, bus, clock, logger, maxStaleMs });
  let verified = createBoundedCache<Held>(options.maxVerified ?? defaultMaxVerified);

  const verify = async (text: string, digest: string, signal: AbortSignal): Promise<JwtPrincipal> => {
    // What is verified by rules that are replaced meanwhile lands in a cache that nobody reads any more.
    const cache = verified;
    const verifiedMs = clock.monotonic();
    const result = await verifyJwt(text, issuers, clock, signal);
    if ("refusal" in result) throw refuse(result, logger);
    cache.set(digest, { ...result, verifiedMs });
    return result.principal;
  };
  const recall = (digest: string): JwtPrincipal | undefined => {
    const held = verified.get(digest);
    if (!held) return undefined;
    const isGood = clock.monotonic() - held.verifiedMs < holdMs && clock.now() < held.expiresMs;
    return isGood ? held.principal : undefined;
  };

  return {
    async authenticate(token, signal) {
      const text = token.reveal();
      if (!hasJwtShape(text)) throw refuse({ refusal: "malformed" }, logger);
      const digest = hash("sha256", text, "base64");
      const principal = recall(digest) ?? (await verify(text, digest, signal));
      const waiting = projects.requireActive(principal.projectId, signal);
      if (waiting instanceof Promise) await waiting;
      return principal;
    },
    update(next) {
      issuers.update(next);
      verified = createBoundedCache(options.maxVerified ?? defaultMaxVerified);
    },
    close() {
      issuers.close();
      projects.close();
    },
  };
}

function refuse({ refusal, presented }: RefusedJwt, logger: Logger): ProxyError {
  const fields = {
    reason: refusal,
    issuer: forLog(presented?.claims.iss),
    kid: forLog(presented?.header.kid),
  };
  logger.info(fields, "a token was refused");
  return refuseToken("invalid_token");
}

/** Text of a stranger, cut and without anything that could make a line of its own. */
function forLog(value: unknown): string | undefined {
  return typeof value === "string"
    ? value.slice(0, maxLoggedLength).replaceAll(/[^\x20-\x7e]/g, "?")
    : undefined;
}

/**
 * Tells whose API key a token is.
 *
 * A key in use costs no I/O: key and project are at hand (see `record-cache.ts` for how far they are trusted).
 * Whatever is wrong with a token, the refusal is the same and so is the work done for it: an unknown id is
 * compared with a hash that nothing matches. A store that cannot answer is never the caller's fault: 503, not 401.
 *
 * A token that has proven genuine is known again by its SHA-256, while the record that it matched is at hand: no
 * form, checksum or HMAC is looked at then. Knowing it by its text would spare that hash too, but a dump of this
 * process would then be a list of the keys of everybody who calls; and a lookup by digest tells who measures its
 * time nothing, as nobody can choose a digest that shares its beginning with that of a token unknown to them.
 *
 * @module
 */

import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type {
  Clock,
  EventBus,
  KeyRecord,
  KeyStore,
  Logger,
  Principal,
  ProjectStore,
  Role,
  Secret,
} from "@llmproxy/spec";
import { parseApiKey } from "./api-key.ts";
import { createBoundedCache } from "./bounded-cache.ts";
import type { Peppers } from "./peppers.ts";
import { createProjectRecords } from "./project-records.ts";
import { createRecordCache } from "./record-cache.ts";
import type { TokenAuthenticator } from "./token-authenticator.ts";
import { refuseToken } from "./unauthenticated.ts";

/** What API keys are checked with. */
export interface ApiKeyAuthenticatorOptions {
  readonly keys: Pick<KeyStore, "get">;
  readonly projects: Pick<ProjectStore, "get">;
  readonly peppers: Peppers;
  /** Changes of keys and projects on it take effect at once. */
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a key stays valid while the store does not answer, in milliseconds; ≥ 10,000; default 10 minutes. */
  readonly maxStaleMs?: number;
}

/** Tells whose API key it is. */
export interface ApiKeyAuthenticator extends TokenAuthenticator {
  /**
   * @throws `unauthenticated` with the reason `invalid_token`, `token_not_found`, `token_inactive` or
   *   `token_expired`
   * @throws `project_inactive` when the key is valid and its project switched off
   * @throws `unavailable` when the store does not answer and nothing recent enough is at hand
   */
  authenticate(token: Secret, signal: AbortSignal): Promise<Principal>;
  /** Ends the subscription and every wait; afterwards every token is `unavailable`. */
  close(): void;
}

/** What is kept of a key. */
interface HeldKey {
  readonly hash: Uint8Array;
  readonly pepperId: string;
  readonly projectId: string;
  readonly isRevoked: boolean;
  /** Wall clock; infinite when it never expires. */
  readonly expiresAtMs: number;
  readonly principal: Principal;
  /** SHA-256 of the token that has matched `hash`: cheaper to look at than an HMAC, and as good. */
  provenDigest?: string;
}

/** What a caller has presented. */
interface PresentedToken {
  readonly text: string;
  /** Its SHA-256. */
  readonly digest: string;
}

const defaultMaxStaleMs = 600_000;
const maxKeys = 50_000;
/** How many tokens are known by their digest; about 2 MB when full. */
const maxProven = 10_000;
const hashBytes = 32;
const keyRoles: readonly Role[] = Object.freeze(["key"] as const);

/** Makes the authenticator and subscribes it to the bus. */
export function createApiKeyAuthenticator(options: ApiKeyAuthenticatorOptions): ApiKeyAuthenticator {
  const { peppers, clock, logger } = options;
  const shared = { clock, logger, maxStaleMs: options.maxStaleMs ?? defaultMaxStaleMs };
  const keys = createRecordCache<HeldKey>({
    what: "api key",
    read: async (id) => hold(await options.keys.get(id), peppers, logger),
    maxRecords: maxKeys,
    ...shared,
  });
  const projects = createProjectRecords({ projects: options.projects, bus: options.bus, ...shared });
  const unsubscribe = options.bus.subscribe((event) => {
    if (event.type === "key-changed") keys.drop(event.keyId);
  });
  const check = createKeyCheck(peppers, clock);
  // An id is a part of its token, so this can never be out of date; whether the key is still good, its record tells.
  const provenIds = createBoundedCache<string>(maxProven);

  return {
    async authenticate(token, signal) {
      const text = token.reveal();
      const digest = hash("sha256", text, "hex");
      const provenId = provenIds.get(digest);
      const id = provenId ?? readId(text);
      const found = keys.get(id, signal);
      const key = check({ text, digest }, found instanceof Promise ? await found : found);
      if (provenId === undefined) provenIds.set(digest, id);
      const waiting = projects.requireActive(key.projectId, signal);
      if (waiting instanceof Promise) await waiting;
      return key.principal;
    },
    close() {
      unsubscribe();
      keys.close();
      projects.close();
      provenIds.clear();
    },
  };
}

function readId(text: string): string {
  const name = parseApiKey(text);
  // The other kinds are reserved; there is nothing yet that one could open.
  if (name?.kind !== "v") throw refuseToken("invalid_token");
  return name.id;
}

function hold(record: KeyRecord | undefined, peppers: Peppers, logger: Logger): HeldKey | undefined {
  if (!record) return undefined;
  const { id, pepperId, projectId, allowedModels } = record;
  if (!peppers.has(pepperId))
    logger.warn(
      { keyId: id, pepperId },
      "the pepper of this api key is not configured; the key cannot be used",
    );
  return {
    hash: record.hash,
    pepperId,
    projectId,
    isRevoked: record.revokedAt !== undefined,
    expiresAtMs: record.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
    principal: Object.freeze({
      kind: "key",
      id,
      roles: keyRoles,
      projectId,
      ...(allowedModels && { allowedModels }),
    }),
  };
}

/**
 * Makes the check of a token against the key it names.
 *
 * Where there is no such key, it is compared with a hash that nothing matches: the same work, whoever asks.
 */
function createKeyCheck(
  peppers: Peppers,
  clock: Clock,
): (token: PresentedToken, key: HeldKey | undefined) => HeldKey {
  const nothingMatches = randomBytes(hashBytes);
  const isGenuine = ({ text, digest }: PresentedToken, key: HeldKey | undefined): boolean => {
    if (key?.provenDigest === digest) return true;
    const isUsable = key?.hash.length === hashBytes && peppers.has(key.pepperId);
    const isEqual = timingSafeEqual(peppers.hash(text, key?.pepperId), isUsable ? key.hash : nothingMatches);
    if (isEqual && key) key.provenDigest = digest;
    return isEqual;
  };
  return (token, key) => {
    const matches = isGenuine(token, key);
    if (!key) throw refuseToken("token_not_found");
    if (!matches) throw refuseToken("invalid_token");
    if (key.isRevoked) throw refuseToken("token_inactive");
    if (clock.now() >= key.expiresAtMs) throw refuseToken("token_expired");
    return key;
  };
}

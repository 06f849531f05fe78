import { inspect } from "node:util";
import { crc32 } from "node:zlib";
import {
  type EventBus,
  type KeyRecord,
  type ProjectRecord,
  ProxyError,
  type ProxyEvent,
  Secret,
} from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createApiKey } from "./api-key.ts";
import { createApiKeyAuthenticator } from "./api-key-authenticator.ts";
import { toBase62 } from "./base62.ts";
import { createPeppers } from "./peppers.ts";

type StoreMode = "works" | "fails" | "hangs";

const createdAt = new Date("2026-01-01T00:00:00Z");
const pepper = { id: "p1", secret: new Secret("a".repeat(32)) };
const olderPepper = { id: "p0", secret: new Secret("b".repeat(32)) };

/** Delivers at once, like the bus in memory. */
function createTestBus() {
  const listeners = new Set<(event: ProxyEvent) => void>();
  const bus: EventBus = {
    async publish(event) {
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return { ...bus, listeners };
}

/** An authenticator over a store that a test can change, break and let hang; with one key in one project. */
function setUp({ maxStaleMs }: { readonly maxStaleMs?: number } = {}) {
  const clock = createFakeClock(createdAt.getTime());
  const logger = createMemoryLogger();
  const bus = createTestBus();
  const store = {
    mode: "works" as StoreMode,
    keys: new Map<string, KeyRecord>(),
    projects: new Map<string, ProjectRecord>(),
    keyReads: [] as string[],
    projectReads: [] as string[],
  };
  const answer = async <T>(value: T): Promise<T> => {
    if (store.mode === "fails") throw new ProxyError("unavailable", "database is locked");
    if (store.mode === "hangs") return new Promise(() => {});
    return structuredClone(value);
  };
  const peppers = createPeppers([pepper, olderPepper]);
  const hashed: string[] = [];
  const authenticator = createApiKeyAuthenticator({
    keys: {
      get(id) {
        store.keyReads.push(id);
        return answer(store.keys.get(id));
      },
    },
    projects: {
      get(id) {
        store.projectReads.push(id);
        return answer(store.projects.get(id));
      },
    },
    peppers: {
      ...peppers,
      hash(text, pepperId) {
        hashed.push(text);
        return peppers.hash(text, pepperId);
      },
    },
    bus,
    clock,
    logger,
    ...(maxStaleMs !== undefined && { maxStaleMs }),
  });
  const addKey = (change: Partial<KeyRecord> = {}, using = peppers): { text: string; record: KeyRecord } => {
    const { key, ...identity } = createApiKey({ kind: "v", peppers: using });
    const record = { ...identity, projectId: "default", name: "test", createdAt, metadata: {}, ...change };
    store.keys.set(record.id, record);
    return { text: key.reveal(), record };
  };
  store.projects.set("default", {
    id: "default",
    name: "d",
    isActive: true,
    createdAt,
    updatedAt: createdAt,
  });
  const { signal } = new AbortController();
  return {
    clock,
    logger,
    bus,
    store,
    hashed,
    authenticator,
    addKey,
    ...addKey(),
    authenticate: (text: string) => authenticator.authenticate(new Secret(text), signal),
  };
}

/** What authenticating ends with: the principal's id, or the refusal's code and reason. */
async function outcomeOf(authenticating: Promise<{ readonly id: string }>): Promise<string> {
  try {
    return (await authenticating).id;
  } catch (error) {
    if (!ProxyError.is(error)) throw error;
    return error.reason ? `${error.code} ${error.reason}` : error.code;
  }
}

/** The same key with one character of its secret changed and the checksum made right again. */
function withWrongSecret(text: string, at: "first" | "last"): string {
  const position = at === "first" ? 22 : 64;
  const other = text[position] === "x" ? "y" : "x";
  const body = text.slice(0, position) + other + text.slice(position + 1, 65);
  return body + toBase62(crc32(body), 6);
}

describe("createApiKeyAuthenticator", () => {
  it("tells whose key it is", async () => {
    const { addKey, authenticate } = setUp();
    const plain = addKey();
    expect(await authenticate(plain.text)).toEqual({
      kind: "key",
      id: plain.record.id,
      roles: ["key"],
      projectId: "default",
    });
    const confined = addKey({ allowedModels: ["gpt-*"] });
    expect(await authenticate(confined.text)).toMatchObject({
      id: confined.record.id,
      allowedModels: ["gpt-*"],
    });
  });

  it("reads key and project once, however many come first and however often they come again", async () => {
    const { store, record, text, authenticate } = setUp();
    const principals = await Promise.all(Array.from({ length: 100 }, () => authenticate(text)));
    expect(new Set(principals.map(({ id }) => id))).toEqual(new Set([record.id]));
    for (let use = 0; use < 100; use++) await authenticate(text);
    expect(store.keyReads).toEqual([record.id]);
    expect(store.projectReads).toEqual(["default"]);
  });

  it("computes no HMAC for a key that is at hand and proven, and gives the same principal", async () => {
    const { hashed, text, authenticate } = setUp();
    const first = await authenticate(text);
    expect(hashed).toEqual([text]);
    expect(await authenticate(text)).toBe(first);
    expect(hashed).toHaveLength(1);
  });

  it("knows a proven token again, and still asks its record whether it is good", async () => {
    const { store, bus, record, text, authenticate } = setUp();
    await authenticate(text);
    store.keys.set(record.id, { ...record, revokedAt: createdAt });
    await bus.publish({ type: "key-changed", keyId: record.id });
    expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_inactive");
    store.keys.set(record.id, { ...record, hash: new Uint8Array(32) });
    await bus.publish({ type: "key-changed", keyId: record.id });
    expect(await outcomeOf(authenticate(text))).toBe("unauthenticated invalid_token");
    store.keys.delete(record.id);
    await bus.publish({ type: "key-changed", keyId: record.id });
    expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_not_found");
  });

  it("accepts keys hashed with an older pepper", async () => {
    const { addKey, authenticate } = setUp();
    const { text, record } = addKey({}, createPeppers([olderPepper]));
    expect((await authenticate(text)).id).toBe(record.id);
  });

  describe("what it refuses", () => {
    it("is refused with one and the same message, whatever is wrong; the reason is for the log", async () => {
      const { addKey, text, clock, authenticate } = setUp();
      const past = new Date(clock.now());
      const unknown = createApiKey({ kind: "v", peppers: createPeppers([pepper]) }).key.reveal();
      const cases = {
        "an unknown id": unknown,
        "a wrong first character of the secret": withWrongSecret(text, "first"),
        "a wrong last character of the secret": withWrongSecret(text, "last"),
        "a wrong checksum": `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`,
        "a revoked key": addKey({ revokedAt: past }).text,
        "an expired key": addKey({ expiresAt: past }).text,
        "a key that is revoked and expired": addKey({ revokedAt: past, expiresAt: past }).text,
        "no key at all": "sk-llp-",
      };
      const messages = new Set<string>();
      const reasons: Record<string, string> = {};
      for (const [name, token] of Object.entries(cases)) {
        const error = await authenticate(token).catch((reason) => reason);
        messages.add(`${error.code} ${error.message} ${error.field} ${error.retryAfterMs}`);
        reasons[name] = error.reason;
      }
      expect(messages.size).toBe(1);
      expect([...messages][0]).toMatch(/^unauthenticated .*authorization: Bearer <api key>/);
      expect(reasons).toEqual({
        "an unknown id": "token_not_found",
        "a wrong first character of the secret": "invalid_token",
        "a wrong last character of the secret": "invalid_token",
        "a wrong checksum": "invalid_token",
        "a revoked key": "token_inactive",
        "an expired key": "token_expired",
        "a key that is revoked and expired": "token_inactive",
        "no key at all": "invalid_token",
      });
    });

    it("costs the same work: one read and one HMAC, whether the id is unknown or the secret wrong", async () => {
      const { store, hashed, text, authenticate } = setUp();
      const work = async (token: string) => {
        store.keyReads.length = 0;
        hashed.length = 0;
        await outcomeOf(authenticate(token));
        return { reads: store.keyReads.length, hashes: hashed.length };
      };
      const unknown = createApiKey({ kind: "v", peppers: createPeppers([pepper]) }).key.reveal();
      expect(await work(withWrongSecret(text, "first"))).toEqual({ reads: 1, hashes: 1 });
      expect(await work(unknown)).toEqual({ reads: 1, hashes: 1 });
      // And both again, when they are at hand.
      expect(await work(withWrongSecret(text, "last"))).toEqual({ reads: 0, hashes: 1 });
      expect(await work(unknown)).toEqual({ reads: 0, hashes: 1 });
    });

    it("is refused also after the right key has been used", async () => {
      const { text, record, authenticate } = setUp();
      expect(await outcomeOf(authenticate(text))).toBe(record.id);
      expect(await outcomeOf(authenticate(withWrongSecret(text, "first")))).toBe(
        "unauthenticated invalid_token",
      );
      expect(await outcomeOf(authenticate(withWrongSecret(text, "last")))).toBe(
        "unauthenticated invalid_token",
      );
      expect(await outcomeOf(authenticate(text))).toBe(record.id);
    });

    it("is not read from the store when its form or checksum is wrong", async () => {
      const { store, text, authenticate } = setUp();
      const tokens = [
        "",
        "' OR '1'='1",
        "sk-llp-v-' OR '1'='1-",
        "\0",
        "🔑",
        `${text}\n`,
        `${text.slice(0, -1)}!`,
        text.toUpperCase(),
        text.slice(0, -1),
        "a".repeat(10_240),
      ];
      for (const token of tokens)
        expect(await outcomeOf(authenticate(token))).toBe("unauthenticated invalid_token");
      expect(store.keyReads).toEqual([]);
    });

    it("includes what a thief of the database has: ids and hashes", async () => {
      const { record, authenticate } = setUp();
      const hash = Buffer.from(record.hash);
      for (const token of [record.id, hash.toString("hex"), hash.toString("base64"), hash.toString("latin1")])
        expect(await outcomeOf(authenticate(token))).toBe("unauthenticated invalid_token");
    });

    it("includes kinds of keys that nothing is made for yet", async () => {
      const { store, text, authenticate } = setUp();
      const body = text.slice(0, -6).replace("-v-", "-a-");
      expect(await outcomeOf(authenticate(body + toBase62(crc32(body), 6)))).toBe(
        "unauthenticated invalid_token",
      );
      expect(store.keyReads).toEqual([]);
    });

    it("includes a key whose pepper is gone, which the operator is told", async () => {
      const { logger, addKey, authenticate } = setUp();
      const { text, record } = addKey(
        {},
        createPeppers([{ id: "lost", secret: new Secret("c".repeat(32)) }]),
      );
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated invalid_token");
      expect(logger.entries).toEqual([
        expect.objectContaining({ level: "warn", fields: { keyId: record.id, pepperId: "lost" } }),
      ]);
    });

    it.each([0, 16, 31, 33])("includes a key whose stored hash has %d bytes", async (length) => {
      const { addKey, authenticate } = setUp();
      const { text } = addKey({ hash: new Uint8Array(length) });
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated invalid_token");
    });

    it("includes the key of another id with this secret", async () => {
      const { addKey, text, authenticate } = setUp();
      const other = addKey();
      const body = `sk-llp-v-${other.record.id}${text.slice(21, 65)}`;
      expect(await outcomeOf(authenticate(body + toBase62(crc32(body), 6)))).toBe(
        "unauthenticated invalid_token",
      );
    });
  });

  it("lets a key expire at its moment, also when it is at hand", async () => {
    const { clock, addKey, authenticate } = setUp();
    const { text, record } = addKey({ expiresAt: new Date(clock.now() + 3_000) });
    expect(await outcomeOf(authenticate(text))).toBe(record.id);
    await clock.advance(2_999);
    expect(await outcomeOf(authenticate(text))).toBe(record.id);
    await clock.advance(1);
    expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_expired");
  });

  it("goes by the wall clock for expiry, also when somebody sets it", async () => {
    const { clock, addKey, authenticate } = setUp();
    const { text } = addKey({ expiresAt: new Date(clock.now() + 3_600_000) });
    await authenticate(text);
    clock.setWallClock(clock.now() + 7_200_000);
    expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_expired");
  });

  describe("projects", () => {
    it("refuses a valid key of a project that is switched off or gone with 403", async () => {
      const { store, addKey, authenticate } = setUp();
      store.projects.set("off", { id: "off", name: "o", isActive: false, createdAt, updatedAt: createdAt });
      expect(await outcomeOf(authenticate(addKey({ projectId: "off" }).text))).toBe("project_inactive");
      expect(await outcomeOf(authenticate(addKey({ projectId: "gone" }).text))).toBe("project_inactive");
    });

    it("does not tell who has no valid key that a project is switched off", async () => {
      const { store, addKey, authenticate } = setUp();
      store.projects.set("off", { id: "off", name: "o", isActive: false, createdAt, updatedAt: createdAt });
      const { text } = addKey({ projectId: "off" });
      expect(await outcomeOf(authenticate(withWrongSecret(text, "last")))).toBe(
        "unauthenticated invalid_token",
      );
      expect(store.projectReads).toEqual([]);
    });
  });

  describe("changes", () => {
    it("take effect at once when their event arrives", async () => {
      const { store, bus, text, record, clock, authenticate } = setUp();
      await authenticate(text);
      store.keys.set(record.id, { ...record, revokedAt: new Date(clock.now()) });
      expect(await outcomeOf(authenticate(text))).toBe(record.id);
      await bus.publish({ type: "key-changed", keyId: record.id });
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_inactive");
    });

    it("of a project take effect at once for all its keys", async () => {
      const { store, bus, text, addKey, authenticate } = setUp();
      const other = addKey().text;
      await Promise.all([authenticate(text), authenticate(other)]);
      store.projects.set("default", { ...store.projects.get("default")!, isActive: false });
      await bus.publish({ type: "project-changed", projectId: "default" });
      expect(await outcomeOf(authenticate(text))).toBe("project_inactive");
      expect(await outcomeOf(authenticate(other))).toBe("project_inactive");
      store.projects.set("default", { ...store.projects.get("default")!, isActive: true });
      await bus.publish({ type: "project-changed", projectId: "default" });
      expect((await authenticate(text)).projectId).toBe("default");
    });

    it("include a key that is created just after somebody tried it", async () => {
      const { store, bus, addKey, authenticate } = setUp();
      const { text, record } = addKey();
      store.keys.delete(record.id);
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_not_found");
      store.keys.set(record.id, record);
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_not_found");
      await bus.publish({ type: "key-changed", keyId: record.id });
      expect(await outcomeOf(authenticate(text))).toBe(record.id);
    });

    it("take effect within 10 s where the event is lost", async () => {
      const { store, text, record, clock, authenticate } = setUp();
      await authenticate(text);
      await clock.advance(1);
      store.keys.set(record.id, { ...record, revokedAt: new Date(clock.now()) });
      await clock.advance(9_999);
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_inactive");
    });

    it("are not undone by a read that was under way when the event came", async () => {
      const { store, bus, text, record, clock, authenticate } = setUp();
      const before = outcomeOf(authenticate(text));
      store.keys.set(record.id, { ...record, revokedAt: new Date(clock.now()) });
      await bus.publish({ type: "key-changed", keyId: record.id });
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_inactive");
      expect(await before).toBe(record.id);
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_inactive");
    });
  });

  describe("a store that does not answer", () => {
    it("is never the caller's fault: 503 with the time to try again, for good and bad keys alike", async () => {
      const { store, text, authenticate } = setUp();
      store.mode = "fails";
      for (const token of [text, withWrongSecret(text, "first")])
        await expect(authenticate(token)).rejects.toMatchObject({
          code: "unavailable",
          status: 503,
          retryAfterMs: 1_000,
        });
    });

    it("costs a first use 1 s when it hangs", async () => {
      const { store, text, clock, authenticate } = setUp();
      store.mode = "hangs";
      const outcome = outcomeOf(authenticate(text));
      await clock.advance(999);
      expect(await Promise.race([outcome, "waits"])).toBe("waits");
      await clock.advance(1);
      expect(await outcome).toBe("unavailable");
    });

    it("costs 1 s too when it hangs at the project", async () => {
      const { store, text, addKey, clock, authenticate } = setUp();
      await authenticate(text);
      const other = addKey({ projectId: "other" }).text;
      const outcome = outcomeOf(authenticate(other));
      await Promise.resolve();
      store.mode = "hangs";
      await clock.advance(1_000);
      expect(await outcome).toBe("unavailable");
    });

    it.each<StoreMode>(["fails", "hangs"])(
      "leaves keys that are at hand valid for maxStaleMs: it %s",
      async (mode) => {
        const { store, text, record, clock, authenticate } = setUp({ maxStaleMs: 30_000 });
        await authenticate(text);
        store.mode = mode;
        for (let second = 1; second <= 29; second++) {
          await clock.advance(1_000);
          const outcome = outcomeOf(authenticate(text));
          await clock.advance(0);
          expect(await outcome).toBe(record.id);
        }
        await clock.advance(1_001);
        const outcome = outcomeOf(authenticate(text));
        await clock.advance(1_000);
        expect(await outcome).toBe("unavailable");
        store.mode = "works";
        expect(await outcomeOf(authenticate(text))).toBe(record.id);
      },
    );

    it("leaves keys valid for 10 minutes by default", async () => {
      const { store, text, record, clock, authenticate } = setUp();
      await authenticate(text);
      store.mode = "fails";
      await clock.advance(600_000);
      expect(await outcomeOf(authenticate(text))).toBe(record.id);
      await clock.advance(1);
      expect(await outcomeOf(authenticate(text))).toBe("unavailable");
    });

    it("does not make an expired key or a wrong secret valid", async () => {
      const { store, addKey, clock, authenticate } = setUp();
      const { text } = addKey({ expiresAt: new Date(clock.now() + 20_000) });
      await authenticate(text);
      store.mode = "fails";
      await clock.advance(20_000);
      expect(await outcomeOf(authenticate(text))).toBe("unauthenticated token_expired");
      expect(await outcomeOf(authenticate(withWrongSecret(text, "last")))).toBe(
        "unauthenticated invalid_token",
      );
    });

    it("does not keep who leaves waiting", async () => {
      const { store, text, clock, authenticator } = setUp();
      store.mode = "hangs";
      const controller = new AbortController();
      const reason = new ProxyError("canceled", "the client left");
      const refused = expect(authenticator.authenticate(new Secret(text), controller.signal)).rejects.toBe(
        reason,
      );
      controller.abort(reason);
      await refused;
      await clock.advance(1_000);
      expect(clock.pending).toBe(0);
    });
  });

  it("leaves nothing behind when it is closed, and authenticates nobody afterwards", async () => {
    const { bus, store, text, clock, authenticator, addKey, authenticate } = setUp();
    await authenticate(text);
    store.mode = "hangs";
    const waiting = outcomeOf(authenticate(addKey().text));
    authenticator.close();
    authenticator.close();
    expect(await waiting).toBe("unavailable");
    expect(await outcomeOf(authenticate(text))).toBe("unavailable");
    expect([bus.listeners.size, clock.pending]).toEqual([0, 0]);
  });

  it("writes no part of a secret into log, error or principal", async () => {
    const { store, text, logger, clock, authenticate } = setUp();
    const seen: unknown[] = [await authenticate(text)];
    store.mode = "fails";
    await clock.advance(700_000);
    for (const token of [text, withWrongSecret(text, "first"), text.slice(0, -1)])
      seen.push(await authenticate(token).catch((error) => error));
    expect(seen).toHaveLength(4);
    expect(logger.entries).not.toEqual([]);
    expect(logger.text() + inspect(seen, { depth: 9, showHidden: true })).not.toContain(text.slice(30, 50));
  });
});

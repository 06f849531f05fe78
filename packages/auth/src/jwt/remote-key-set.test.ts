import { ProxyError } from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { createRemoteKeySet } from "./remote-key-set.ts";
import { generateSigningKey, type SigningKey } from "./signing-key.ts";

const { signal } = new AbortController();
const minute = 60_000;
const hour = 60 * minute;

let old: SigningKey;
let next: SigningKey;

beforeAll(async () => {
  [old, next] = await Promise.all([generateSigningKey(), generateSigningKey()]);
});

function published(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map((key) => key.publicJwk) });
}

/** A set whose issuer publishes `old`, until a test says otherwise. */
function setUp() {
  const clock = createFakeClock();
  const logger = createMemoryLogger();
  const issuer = {
    answer: async (_: AbortSignal): Promise<string | Uint8Array> => published(old),
    fetches: 0,
  };
  const keySet = createRemoteKeySet({
    source: { kind: "remote", url: "https://id.example/keys?token=s3cret" },
    fetchJwks(_, given) {
      issuer.fetches += 1;
      return issuer.answer(given);
    },
    clock,
    logger,
  });
  /** The id of the key that is found, the refusal, or the error's code. */
  const find = async (kid: string | undefined, given = signal): Promise<string | undefined> => {
    try {
      const found = await keySet.find({ kid, algorithm: "EdDSA" }, given);
      return typeof found === "string" ? found : found.id;
    } catch (error) {
      if (!ProxyError.is(error)) throw error;
      return error.code;
    }
  };
  const fails = async (): Promise<never> => {
    throw new Error("connection refused");
  };
  return { clock, logger, issuer, keySet, find, fails };
}

describe("createRemoteKeySet", () => {
  it("fetches nothing before the first use, and then once for all who ask", async () => {
    const { issuer, find } = setUp();
    expect(issuer.fetches).toBe(0);
    const found = await Promise.all(Array.from({ length: 100 }, () => find(old.id)));
    expect(new Set(found)).toEqual(new Set([old.id]));
    expect(issuer.fetches).toBe(1);
  });

  it("serves a set for 8 minutes without asking", async () => {
    const { clock, issuer, find } = setUp();
    await find(old.id);
    await clock.advance(8 * minute - 1);
    expect(await find(old.id)).toBe(old.id);
    expect(issuer.fetches).toBe(1);
  });

  it("fetches a set of 8 to 10 minutes again while it serves it", async () => {
    const { clock, issuer, find } = setUp();
    await find(old.id);
    await clock.advance(8 * minute);
    const { promise, resolve } = Promise.withResolvers<string>();
    issuer.answer = () => promise;
    expect(await find(old.id)).toBe(old.id);
    expect(issuer.fetches).toBe(2);
    resolve(published(next));
    await clock.advance(0);
    expect(await find(next.id)).toBe(next.id);
    expect(issuer.fetches).toBe(2);
  });

  it("does not serve a key once more that was withdrawn while nobody asked", async () => {
    const { clock, issuer, find } = setUp();
    await find(old.id);
    issuer.answer = async () => published(next);
    await clock.advance(10 * minute + 1);
    expect(await find(old.id)).toBe("key_unknown");
  });

  it("accepts a key that the issuer has just begun to use", async () => {
    const { clock, issuer, find } = setUp();
    await find(old.id);
    issuer.answer = async () => published(next, old);
    await clock.advance(30_000);
    expect(await find(next.id)).toBe(next.id);
    expect(await find(old.id)).toBe(old.id);
    expect(issuer.fetches).toBe(2);
  });

  it("fetches at most once for a thousand unknown ids, at once or one after the other", async () => {
    const { clock, issuer, find } = setUp();
    await find(old.id);
    await clock.advance(30_000);
    const ids = Array.from({ length: 1000 }, (_, index) => `made-up-${index}`);
    const found = await Promise.all(ids.slice(0, 500).map((id) => find(id)));
    for (const id of ids.slice(500)) found.push(await find(id));
    expect(new Set(found)).toEqual(new Set(["key_unknown"]));
    expect(issuer.fetches).toBe(2);
    await clock.advance(29_999);
    await find("made-up");
    expect(issuer.fetches).toBe(2);
    await clock.advance(1);
    await find("made-up");
    expect(issuer.fetches).toBe(3);
  });

  it("needs an id where the set has several keys, and none where it has one", async () => {
    const { clock, issuer, find } = setUp();
    expect(await find(undefined)).toBe(old.id);
    issuer.answer = async () => published(next, old);
    await clock.advance(11 * minute);
    expect(await find(undefined)).toBe("kid_missing");
  });

  it("is unavailable as long as no set was ever fetched, and asks every 30 s at most", async () => {
    const { clock, issuer, find, fails, keySet, logger } = setUp();
    issuer.answer = fails;
    for (let times = 0; times < 10; times += 1) expect(await find(old.id)).toBe("unavailable");
    expect(issuer.fetches).toBe(1);
    await clock.advance(10_000);
    const error = await Promise.resolve(keySet.find({ kid: "x", algorithm: "EdDSA" }, signal)).catch(
      (e) => e,
    );
    expect(error).toMatchObject({ code: "unavailable", retryAfterMs: 20_000 });
    issuer.answer = async () => published(old);
    await clock.advance(20_000);
    expect(await find(old.id)).toBe(old.id);
    expect(logger.entries.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "warn the key set of an issuer cannot be fetched; known keys stay valid for a while",
      "info the key set can be fetched again",
    ]);
    expect(logger.entries[0]?.fields).toMatchObject({ url: "id.example" });
    expect(logger.text()).not.toContain("s3cret");
  });

  it("serves a set for 24 h while it cannot be fetched again, and makes only the first wait", async () => {
    const { clock, issuer, find, fails } = setUp();
    await find(old.id);
    issuer.answer = fails;
    await clock.advance(11 * minute);
    expect(await find(old.id)).toBe(old.id);
    issuer.answer = () => new Promise(() => {});
    for (let hours = 1; hours < 24; hours += 1) {
      await clock.advance(hour - minute);
      // Resolves although the fetch hangs: nobody waits for it.
      expect(await find(old.id)).toBe(old.id);
      await clock.advance(minute);
    }
    await clock.advance(hour);
    issuer.answer = fails;
    expect(await find(old.id)).toBe("unavailable");
  });

  it("is unavailable for an unknown id while the set cannot be fetched", async () => {
    const { clock, issuer, find, fails } = setUp();
    await find(old.id);
    issuer.answer = fails;
    await clock.advance(30_000);
    expect(await find(next.id)).toBe("unavailable");
    expect(await find(next.id)).toBe("unavailable");
    expect(await find(old.id)).toBe(old.id);
    expect(issuer.fetches).toBe(2);
  });

  it.each([
    ["10 MB", async () => `{"keys":[],"x":"${"x".repeat(10_485_760)}"}`],
    ["more than 256 KB as bytes", async () => new Uint8Array(262_145)],
    ["10,000 keys", async () => JSON.stringify({ keys: Array.from({ length: 10_000 }, () => ({})) })],
    ["no JSON", async () => "<html>moved</html>"],
    ["no keys", async () => "{}"],
    ["a list", async () => "[]"],
  ])("refuses a set with %s and keeps what it has", async (_, answer) => {
    const { clock, issuer, find } = setUp();
    await find(old.id);
    issuer.answer = answer;
    await clock.advance(11 * minute);
    expect(await find(old.id)).toBe(old.id);
    expect(issuer.fetches).toBe(2);
  });

  it("believes an issuer that publishes no key any more, and says so", async () => {
    const { clock, issuer, find, logger } = setUp();
    await find(old.id);
    issuer.answer = async () => published();
    await clock.advance(11 * minute);
    expect(await find(old.id)).toBe("key_unknown");
    expect(logger.entries.map(({ message }) => message)).toEqual([
      "the key set of an issuer has no key that can be used here",
    ]);
  });

  it("gives a fetch up after 5 s", async () => {
    const { clock, issuer, find } = setUp();
    const signals: AbortSignal[] = [];
    issuer.answer = (given) => {
      signals.push(given);
      return new Promise(() => {});
    };
    const finding = find(old.id);
    await clock.advance(4_999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(await finding).toBe("unavailable");
    expect(signals[0]?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("lets one caller leave without ending the fetch of the others", async () => {
    const { clock, issuer, find } = setUp();
    const { promise, resolve } = Promise.withResolvers<string>();
    issuer.answer = () => promise;
    const leaving = new AbortController();
    const left = find(old.id, leaving.signal).catch((reason) => reason);
    const stays = find(old.id);
    leaving.abort(new Error("gone"));
    expect(await left).toEqual(new Error("gone"));
    resolve(published(old));
    await clock.advance(0);
    expect(await stays).toBe(old.id);
    expect(issuer.fetches).toBe(1);
  });

  it("ends a fetch when it is closed", async () => {
    const { clock, issuer, find, keySet } = setUp();
    issuer.answer = () => new Promise(() => {});
    const finding = find(old.id);
    keySet.close();
    expect(await finding).toBe("unavailable");
    expect(await find(old.id)).toBe("unavailable");
    expect({ pending: clock.pending, fetches: issuer.fetches }).toEqual({ pending: 0, fetches: 1 });
  });
});

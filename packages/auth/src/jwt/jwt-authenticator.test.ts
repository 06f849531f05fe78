import { ProxyError, Secret } from "@llmproxy/spec";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createJwtBench } from "../test-support/jwt-bench.ts";
import { makeToken } from "../test-support/make-token.ts";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import { createJwtIssuer } from "./jwt-issuer.ts";
import { generateSigningKey, type SigningKey } from "./signing-key.ts";

const now = Date.UTC(2026, 0, 1) / 1000;
const issuerName = "https://id.example";
const secretText = "0123456789abcdef0123456789abcdef";
const claims = { iss: issuerName, aud: "llmproxy", sub: "ada", iat: now, exp: now + 3600, roles: "user" };

let eddsa: SigningKey;
let es256: SigningKey;
let rs256: SigningKey;

beforeAll(async () => {
  eddsa = await generateSigningKey("EdDSA");
  es256 = await generateSigningKey("ES256");
  rs256 = await generateSigningKey("RS256");
});

function accept(change: Partial<AcceptedIssuer> = {}): AcceptedIssuer {
  return {
    issuer: issuerName,
    audience: "llmproxy",
    algorithms: ["EdDSA", "ES256", "RS256"],
    keys: { kind: "ring", keys: [eddsa] },
    rolesClaim: "roles",
    roleMap: { admin: "admin", read: "auditor", user: "member", staff: "auditor" },
    projectClaim: "project",
    ...change,
  };
}

const remoteKeys = { kind: "remote", url: "https://id.example/keys" } as const;

function token(change: object = {}, key = eddsa): string {
  return makeToken({
    header: { alg: key.algorithm, typ: "JWT", kid: key.id },
    claims: { ...claims, ...change },
    signWith: key.privateKey,
  });
}

function published(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map((key) => key.publicJwk) });
}

describe("createJwtAuthenticator", () => {
  it("tells whose token it is", async () => {
    const { authenticate } = createJwtBench([accept()]);
    expect(await authenticate(token())).toEqual({
      kind: "jwt",
      id: "ada",
      roles: ["member"],
      projectId: "default",
    });
  });

  it("accepts what jose makes, with each algorithm", async () => {
    const keys = [eddsa, es256, rs256];
    const { authenticate } = createJwtBench([accept({ keys: { kind: "ring", keys } })]);
    for (const key of keys) {
      const text = await new SignJWT({ roles: ["read"] })
        .setProtectedHeader({ alg: key.algorithm, kid: key.id })
        .setIssuer(issuerName)
        .setAudience(["other", "llmproxy"])
        .setSubject("ada")
        .setIssuedAt(now)
        .setExpirationTime(now + 60)
        .sign(key.privateKey);
      expect(await authenticate(text)).toMatchObject({ id: "ada", roles: ["auditor"] });
    }
  });

  it.each([
    ["the clock of the issuer is 5 s ahead", { iat: now + 5, nbf: now + 5 }, {}],
    ["it expired less than 5 s ago", { iat: now - 60, exp: now - 4 }, {}],
    ["it is valid for 24 h", { exp: now + 86_400 }, {}],
    ["it is valid for a year and that is accepted", { exp: now + 31_536_000 }, { maxTtlMs: 31_536_000_000 }],
    ["its times have fractions", { iat: now - 0.5, exp: now + 0.5 }, {}],
  ])("accepts a token when %s", async (_, change, rules) => {
    const { outcomeOf } = createJwtBench([accept(rules)]);
    expect(await outcomeOf(token(change))).toBe("ada");
  });

  it.each([
    ["JWT", undefined, "ada"],
    ["jwt", undefined, "ada"],
    ["at+jwt", undefined, "ada"],
    ["application/at+jwt", "at+jwt", "ada"],
    ["AT+JWT", "at+jwt", "ada"],
    ["at+jwt", "JWT", "unauthenticated"],
  ] as const)("meets typ %s where %s is set with %s", async (typ, type, outcome) => {
    const { outcomeOf } = createJwtBench([accept(type && { type })]);
    const header = { alg: "EdDSA", kid: eddsa.id, typ };
    expect(await outcomeOf(makeToken({ header, claims, signWith: eddsa.privateKey }))).toBe(outcome);
  });

  it.each([
    ["a string", "read", ["auditor"]],
    ["a list", ["user", "read"], ["member", "auditor"]],
    ["two names of one role", ["read", "staff"], ["auditor"]],
    ["an unknown name", ["root", "read"], ["auditor"]],
    ["nothing but unknown names", ["viewer", "owner", "Admin", "admin "], []],
    ["names as in a scope", "admin read", []],
    ["names every object has", ["__proto__", "constructor", "toString", "hasOwnProperty"], []],
    ["an empty list", [], []],
    ["no claim", undefined, []],
  ])("grants by the map and nothing else: %s", async (_, roles, expected) => {
    const { authenticate } = createJwtBench([accept()]);
    expect((await authenticate(token({ roles }))).roles).toEqual(expected);
  });

  it("reads roles and project from the claims it is told, and looks no deeper", async () => {
    const { authenticate } = createJwtBench([accept({ rolesClaim: "https://x/roles", projectClaim: "tid" })]);
    const principal = await authenticate(
      token({ roles: "admin", "https://x/roles": "read", tid: "p2", project: "p3" }),
    );
    expect(principal).toMatchObject({ roles: ["auditor"], projectId: "p2" });
  });

  it("does not take what every object has for a claim", async () => {
    const { authenticate } = createJwtBench([
      accept({ rolesClaim: "constructor", projectClaim: "__proto__" }),
    ]);
    expect(await authenticate(token())).toMatchObject({ roles: [], projectId: "default" });
  });

  it("gives tokens without a claim of roles those that are meant for them, and others none of these", async () => {
    const { authenticate } = createJwtBench([accept({ defaultRoles: ["member"] })]);
    expect(await authenticate(token())).toMatchObject({ roles: ["member"] });
    expect(await authenticate(token({ roles: [] }))).toMatchObject({ roles: [] });
    expect(await authenticate(token({ roles: "unknown" }))).toMatchObject({ roles: [] });
  });

  it("gives a principal that nobody can change", async () => {
    const { authenticate } = createJwtBench([accept()]);
    const principal = await authenticate(token());
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.roles)).toBe(true);
  });

  it("keeps each issuer to its own keys and rules", async () => {
    const other = accept({
      issuer: "https://other.example",
      keys: { kind: "ring", keys: [es256] },
      roleMap: { user: "key" },
    });
    const { outcomeOf, authenticate, lastReason } = createJwtBench([accept(), other]);
    expect(await authenticate(token({ iss: other.issuer }, es256))).toMatchObject({ roles: ["key"] });
    expect(await outcomeOf(token({}, es256))).toBe("unauthenticated");
    expect(lastReason()).toBe("key_unknown");
    expect(await outcomeOf(token({ iss: other.issuer }))).toBe("unauthenticated");
  });

  it("ends with the caller's reason when the caller leaves", async () => {
    const { authenticator, remote } = createJwtBench([accept({ keys: remoteKeys })]);
    remote.answer = () => new Promise(() => {});
    const leaving = new AbortController();
    const waiting = authenticator.authenticate(new Secret(token()), leaving.signal);
    leaving.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
  });
});

describe("the project of a token", () => {
  it.each(["missing", "switched off"])("must be active: one that is %s is refused", async (what) => {
    const { projects, outcomeOf } = createJwtBench([accept()]);
    const project = projects.get("p2")!;
    if (what === "missing") projects.delete("p2");
    else projects.set("p2", { ...project, isActive: false });
    expect(await outcomeOf(token({ project: "p2" }))).toBe("project_inactive");
    expect(await outcomeOf(token())).toBe("ada");
  });

  it("J11: is refused at once when it is switched off, and within 10 s where the event is lost", async () => {
    const { projects, bus, clock, outcomeOf } = createJwtBench([accept()]);
    const text = token();
    const project = projects.get("default")!;
    const outcomes = [await outcomeOf(text)];
    projects.set("default", { ...project, isActive: false });
    await bus.publish({ type: "project-changed", projectId: "default" });
    outcomes.push(await outcomeOf(text));
    projects.set("default", project);
    await clock.advance(10_001);
    outcomes.push(await outcomeOf(text));
    expect(outcomes).toEqual(["ada", "project_inactive", "ada"]);
  });
});

describe("verified tokens", () => {
  it("are not verified again within a minute", async () => {
    const { remote, clock, outcomeOf } = createJwtBench([accept({ keys: remoteKeys })]);
    remote.answer = async () => published(eddsa);
    const text = token();
    expect(await outcomeOf(text)).toBe("ada");
    // The key is gone now, which a verification would notice.
    remote.answer = async () => published(es256);
    await clock.advance(30_000);
    await outcomeOf(token({}, es256));
    expect(await outcomeOf(text)).toBe("ada");
    await clock.advance(30_000);
    expect(await outcomeOf(text)).toBe("unauthenticated");
  });

  it("are refused when they expire, also by the wall clock alone", async () => {
    const { clock, outcomeOf } = createJwtBench([accept()]);
    const text = token({ exp: now + 20 });
    expect(await outcomeOf(text)).toBe("ada");
    await clock.advance(24_999);
    expect(await outcomeOf(text)).toBe("ada");
    await clock.advance(1);
    expect(await outcomeOf(text)).toBe("unauthenticated");
    const other = token({ iat: now + 25, exp: now + 100 });
    expect(await outcomeOf(other)).toBe("ada");
    clock.setWallClock((now + 200) * 1000);
    expect(await outcomeOf(other)).toBe("unauthenticated");
  });

  it("are known by the whole text: the same claims with another signature are another token", async () => {
    const { outcomeOf } = createJwtBench([accept()]);
    const text = token();
    expect(await outcomeOf(text)).toBe("ada");
    expect(
      await outcomeOf(`${text.slice(0, text.lastIndexOf("."))}.${token({ jti: "x" }).split(".")[2]}`),
    ).toBe("unauthenticated");
  });
});

describe("keys of an issuer", () => {
  it("are never the caller's fault: 503 while none was ever fetched", async () => {
    const { outcomeOf, remote } = createJwtBench([accept({ keys: remoteKeys })]);
    for (let times = 0; times < 5; times += 1) expect(await outcomeOf(token({ times }))).toBe("unavailable");
    expect(remote.fetches).toEqual([remoteKeys]);
  });

  it("are not asked for where the token is refused without them", async () => {
    const { outcomeOf, remote } = createJwtBench([accept({ keys: remoteKeys, algorithms: ["EdDSA"] })]);
    for (const text of [token({ iss: "x" }), token({}, es256), "a.b.c"])
      expect(await outcomeOf(text)).toBe("unauthenticated");
    expect(remote.fetches).toEqual([]);
  });

  it("change at the issuer without anybody noticing", async () => {
    const { outcomeOf, remote, clock } = createJwtBench([accept({ keys: remoteKeys })]);
    remote.answer = async () => published(eddsa);
    expect(await outcomeOf(token())).toBe("ada");
    remote.answer = async () => published(es256, eddsa);
    await clock.advance(30_000);
    expect(await outcomeOf(token({}, es256))).toBe("ada");
    expect(await outcomeOf(token({ jti: "another" }))).toBe("ada");
    expect(remote.fetches).toHaveLength(2);
  });

  it("cost one fetch for a thousand made-up ids", async () => {
    const { outcomeOf, remote, clock } = createJwtBench([accept({ keys: remoteKeys })]);
    remote.answer = async () => published(eddsa);
    await outcomeOf(token());
    await clock.advance(30_000);
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => outcomeOf(token({}, { ...es256, id: `made-up-${index}` }))),
    );
    expect(new Set(outcomes)).toEqual(new Set(["unauthenticated"]));
    expect(remote.fetches).toHaveLength(2);
  });

  it("of our own change without anybody noticing", async () => {
    const bench = createJwtBench([]);
    const options = { issuer: "llmproxy", audience: "llmproxy", ttlMs: 3_600_000, clock: bench.clock };
    const grant = {
      grantor: { kind: "management", id: "management", roles: ["root"] },
      subject: "ada",
      roles: ["member"],
    } as const;
    const before = createJwtIssuer({ keys: [eddsa], ...options });
    const after = createJwtIssuer({ keys: [es256, eddsa], ...options });
    bench.authenticator.update([before.accepted()]);
    const old = (await before.issue(grant)).jwt.reveal();
    expect(await bench.outcomeOf(old)).toBe("ada");
    bench.authenticator.update([after.accepted()]);
    const young = (await after.issue(grant)).jwt.reveal();
    expect([await bench.outcomeOf(old), await bench.outcomeOf(young)]).toEqual(["ada", "ada"]);
    bench.authenticator.update([createJwtIssuer({ keys: [es256], ...options }).accepted()]);
    expect([await bench.outcomeOf(old), await bench.outcomeOf(young)]).toEqual(["unauthenticated", "ada"]);
  });
});

describe("an issuer with a secret", () => {
  const rules: Partial<AcceptedIssuer> = {
    algorithms: ["HS256"],
    keys: { kind: "secret", secret: new Secret(secretText) },
  };
  const signed = (payload: object, header: object = {}) =>
    makeToken({ header: { alg: "HS256", ...header }, claims: payload, signWith: Buffer.from(secretText) });

  it("needs no audience where that is said, but refuses another one", async () => {
    const { outcomeOf } = createJwtBench([accept({ ...rules, isAudienceOptional: true })]);
    const { aud, ...bare } = claims;
    expect(await outcomeOf(signed(bare))).toBe("ada");
    expect(await outcomeOf(signed({ ...bare, aud }))).toBe("ada");
    expect(await outcomeOf(signed({ ...bare, aud: "other" }))).toBe("unauthenticated");
    expect(await outcomeOf(signed({ ...bare, aud: null }))).toBe("unauthenticated");
    const strict = createJwtBench([accept(rules)]);
    expect(await strict.outcomeOf(signed(bare))).toBe("unauthenticated");
  });

  it("has one key, whatever the key id", async () => {
    const { outcomeOf } = createJwtBench([accept(rules)]);
    expect(await outcomeOf(signed(claims, { kid: "team-a" }))).toBe("ada");
    expect(await outcomeOf(signed(claims, { kid: "../a" }))).toBe("unauthenticated");
  });
});

describe("update", () => {
  it("takes effect with the next token, whatever was verified before", async () => {
    const { authenticator, authenticate, outcomeOf } = createJwtBench([accept()]);
    const text = token();
    expect((await authenticate(text)).roles).toEqual(["member"]);
    authenticator.update([accept({ roleMap: { user: "auditor" } })]);
    expect((await authenticate(text)).roles).toEqual(["auditor"]);
    authenticator.update([]);
    expect(await outcomeOf(text)).toBe("unauthenticated");
  });

  it("does not keep what was being verified by the old rules", async () => {
    const { authenticator, authenticate, remote } = createJwtBench([accept({ keys: remoteKeys })]);
    const { promise, resolve } = Promise.withResolvers<string>();
    remote.answer = () => promise;
    const text = token();
    const verifying = authenticate(text);
    authenticator.update([accept({ keys: remoteKeys, roleMap: {} })]);
    resolve(published(eddsa));
    await verifying;
    expect((await authenticate(text)).roles).toEqual([]);
  });

  it("keeps fetched keys that still come from the same place", async () => {
    const { authenticator, outcomeOf, remote } = createJwtBench([accept({ keys: remoteKeys })]);
    remote.answer = async () => published(eddsa);
    await outcomeOf(token());
    authenticator.update([
      accept({ keys: remoteKeys, audience: "other" }),
      accept({ issuer: "x", keys: remoteKeys }),
    ]);
    expect(await outcomeOf(token({ aud: "other" }))).toBe("ada");
    expect(await outcomeOf(token({ iss: "x" }))).toBe("ada");
    expect(remote.fetches).toHaveLength(1);
    authenticator.update([accept({ keys: { ...remoteKeys, url: "https://id.example/moved" } })]);
    expect(await outcomeOf(token())).toBe("ada");
    expect(remote.fetches.map(({ url }) => url)).toEqual([
      "https://id.example/keys",
      "https://id.example/moved",
    ]);
  });

  it.each([
    ["an issuer twice", "issuers[1].issuer", () => [accept(), accept()]],
    ["an issuer without name", "issuers[0].issuer", () => [accept({ issuer: "" })]],
    ["an issuer without audience", "issuers[0].audience", () => [accept({ audience: "" })]],
    ["no algorithm", "issuers[0].algorithms", () => [accept({ algorithms: [] })]],
    ["both families", "issuers[0].algorithms", () => [accept({ algorithms: ["EdDSA", "HS256"] })]],
    ["no key", "issuers[0].keys.keys", () => [accept({ keys: { kind: "ring", keys: [] } })]],
    ["root by default", "issuers[0].defaultRoles", () => [accept({ defaultRoles: ["root"] })]],
    ["root in the map", "issuers[0].roleMap", () => [accept({ roleMap: { admin: "root" } })]],
    [
      "an optional audience with public keys",
      "issuers[0].isAudienceOptional",
      () => [accept({ isAudienceOptional: true })],
    ],
    [
      "a secret of 31 bytes",
      "issuers[0].keys.secret",
      () => [accept({ algorithms: ["HS256"], keys: { kind: "secret", secret: new Secret("x".repeat(31)) } })],
    ],
  ])("refuses %s and changes nothing", async (_, field, issuers) => {
    const { authenticator, outcomeOf } = createJwtBench([accept()]);
    expect(() => authenticator.update(issuers())).toThrow(
      expect.objectContaining({ code: "invalid_request", field }),
    );
    expect(await outcomeOf(token())).toBe("ada");
  });
});

describe("close", () => {
  it("ends what is being fetched, and afterwards accepts nothing", async () => {
    const { authenticator, outcomeOf, remote, clock } = createJwtBench([
      accept(),
      accept({ issuer: "x", keys: remoteKeys }),
    ]);
    expect(await outcomeOf(token())).toBe("ada");
    remote.answer = () => new Promise(() => {});
    const waiting = outcomeOf(token({ iss: "x" }));
    authenticator.close();
    expect([await waiting, await outcomeOf(token())]).toEqual(["unavailable", "unavailable"]);
    expect(clock.pending).toBe(0);
  });

  it("is a refusal of its own kind, not of the token", async () => {
    const { authenticator, authenticate } = createJwtBench([accept()]);
    authenticator.close();
    await expect(authenticate(token())).rejects.toBeInstanceOf(ProxyError);
  });
});

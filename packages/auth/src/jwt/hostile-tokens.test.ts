import { createHash, randomBytes } from "node:crypto";
import { ProxyError, Secret } from "@llmproxy/spec";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createJwtBench } from "../test-support/jwt-bench.ts";
import { type HandmadeToken, makeToken } from "../test-support/make-token.ts";
import type { AcceptedIssuer } from "./accepted-issuer.ts";
import type { JwtRefusal } from "./refusal.ts";
import { generateSigningKey, type SigningKey } from "./signing-key.ts";

const now = Date.UTC(2026, 0, 1) / 1000;
const rules = {
  issuer: "https://id.example",
  audience: "llmproxy",
  rolesClaim: "roles",
  roleMap: { admin: "admin", read: "auditor", user: "member" },
  projectClaim: "project",
} as const;
const claims = {
  iss: "https://id.example",
  aud: "llmproxy",
  sub: "ada",
  iat: now,
  exp: now + 3600,
  roles: ["user"],
};

let eddsa: SigningKey;
let es256: SigningKey;
let rs256: SigningKey;
let stranger: SigningKey;

beforeAll(async () => {
  eddsa = await generateSigningKey("EdDSA");
  es256 = await generateSigningKey("ES256");
  rs256 = await generateSigningKey("RS256");
  stranger = await generateSigningKey("EdDSA");
});

function acceptAll(change: Partial<AcceptedIssuer> = {}): AcceptedIssuer {
  const keys = [eddsa, es256, rs256];
  return { ...rules, algorithms: ["EdDSA", "ES256", "RS256"], keys: { kind: "ring", keys }, ...change };
}

/** A good token but for what is changed. */
function token(
  change: { header?: object; claims?: object; signWith?: HandmadeToken["signWith"] } = {},
): string {
  return makeToken({
    header: { alg: "EdDSA", typ: "JWT", kid: eddsa.id, ...change.header },
    claims: { ...claims, ...change.claims },
    signWith: change.signWith ?? eddsa.privateKey,
  });
}

const without = undefined;

interface Row {
  readonly what: string;
  readonly make: () => string;
  readonly reason: JwtRefusal;
  readonly rules?: Partial<AcceptedIssuer>;
}

const row = (
  what: string,
  reason: JwtRefusal,
  make: () => string,
  change?: Partial<AcceptedIssuer>,
): Row => ({
  what,
  reason,
  make,
  ...(change && { rules: change }),
});

const algorithms: readonly Row[] = [
  ...["none", "NonE", "", 1, ["EdDSA"], "HS256", "HS512", "PS256", "Ed25519"].map((alg) =>
    row(`alg ${JSON.stringify(alg)}`, "algorithm_not_accepted", () => token({ header: { alg } })),
  ),
  row("no alg", "algorithm_not_accepted", () => token({ header: { alg: without } })),
  row(
    "alg none without signature",
    "malformed",
    () => `${token({ header: { alg: "none" } }).replace(/[^.]+$/, "")}`,
  ),
  row("HS256 with the PEM of the RSA public key", "algorithm_not_accepted", () =>
    token({
      header: { alg: "HS256", kid: rs256.id },
      signWith: Buffer.from(rs256.publicKey.export({ format: "pem", type: "spki" })),
    }),
  ),
  row("HS256 with the DER of the RSA public key", "algorithm_not_accepted", () =>
    token({
      header: { alg: "HS256", kid: rs256.id },
      signWith: rs256.publicKey.export({ format: "der", type: "spki" }),
    }),
  ),
  row("RS256 under the id of an Ed25519 key", "key_unknown", () =>
    token({ header: { alg: "RS256" }, signWith: rs256.privateKey }),
  ),
  row("an algorithm the issuer has keys for but may not use", "algorithm_not_accepted", () => token(), {
    algorithms: ["ES256"],
  }),
  row("ES256 with r = s = 0", "signature_invalid", () =>
    token({ header: { alg: "ES256", kid: es256.id }, signWith: { signature: Buffer.alloc(64) } }),
  ),
  row("ES256 with a signature in DER", "signature_invalid", () =>
    token({
      header: { alg: "ES256", kid: es256.id },
      signWith: { signature: Buffer.from("3006020100020100", "hex") },
    }),
  ),
  row("the signature of a stranger", "signature_invalid", () => token({ signWith: stranger.privateKey })),
  row("a signature of zeros", "signature_invalid", () =>
    token({ signWith: { signature: Buffer.alloc(64) } }),
  ),
];

const keyIds: readonly Row[] = [
  row("kid unknown", "key_unknown", () =>
    token({ header: { kid: stranger.id }, signWith: stranger.privateKey }),
  ),
  ...["../../dev/null", "' OR 1=1 --", "k".repeat(129), "", "a b", "a\n", 7, null, ["k"], { k: 1 }].map(
    (kid) => row(`kid ${JSON.stringify(kid).slice(0, 20)}`, "kid_invalid", () => token({ header: { kid } })),
  ),
  row("kid of 10 KB", "malformed", () => token({ header: { kid: "k".repeat(10_240) } })),
  row("kid missing with several keys", "kid_missing", () => token({ header: { kid: without } })),
];

const headers: readonly Row[] = [
  ...["jku", "x5u", "jwk", "x5c", "b64", "zip", "enc", "epk"].map((name) =>
    row(`header ${name}`, "header_forbidden", () =>
      token({ header: { [name]: "https://evil.example/keys" } }),
    ),
  ),
  row("jwk with the key it is signed with", "header_forbidden", () =>
    token({ header: { jwk: stranger.publicJwk }, signWith: stranger.privateKey }),
  ),
  row("crit unknown", "header_forbidden", () => token({ header: { crit: ["x"], x: 1 } })),
  row("crit empty", "header_forbidden", () => token({ header: { crit: [] } })),
  row("b64 false", "header_forbidden", () => token({ header: { crit: ["b64"], b64: false } })),
  row("typ JWT where at+jwt is set", "type_not_accepted", () => token(), { type: "at+jwt" }),
  row("typ missing where one is set", "type_not_accepted", () => token({ header: { typ: without } }), {
    type: "JWT",
  }),
  row("typ of a logout token", "type_not_accepted", () => token({ header: { typ: "logout+jwt" } })),
  row("typ no string", "type_not_accepted", () => token({ header: { typ: 1 } })),
];

const times: readonly Row[] = [
  row("exp missing", "time_invalid", () => token({ claims: { exp: without } })),
  row("exp a string", "time_invalid", () => token({ claims: { exp: String(now + 60) } })),
  row("exp null", "time_invalid", () => token({ claims: { exp: null } })),
  row("exp past", "expired", () => token({ claims: { iat: now - 60, exp: now - 6 } })),
  row("exp 1e30", "lifetime_too_long", () => token({ claims: { exp: 1e30 } })),
  row("exp infinite", "time_invalid", () =>
    makeToken({
      header: { alg: "EdDSA", kid: eddsa.id },
      claims: JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999'),
      signWith: eddsa.privateKey,
    }),
  ),
  row("exp a second beyond 24 h", "lifetime_too_long", () => token({ claims: { exp: now + 86_401 } })),
  row("exp before iat", "time_invalid", () => token({ claims: { iat: now + 2, exp: now + 1 } })),
  row("iat missing", "time_invalid", () => token({ claims: { iat: without } })),
  row("iat a string", "time_invalid", () => token({ claims: { iat: `${now}` } })),
  row("iat negative", "time_invalid", () => token({ claims: { iat: -1 } })),
  row("iat future", "issued_in_future", () => token({ claims: { iat: now + 6 } })),
  row("iat 2 h old where 1 h is accepted", "too_old", () => token({ claims: { iat: now - 7200 } }), {
    maxAgeMs: 3_600_000,
  }),
  row("nbf future", "not_yet_valid", () => token({ claims: { nbf: now + 6 } })),
  row("nbf a string", "time_invalid", () => token({ claims: { nbf: "0" } })),
];

const parties: readonly Row[] = [
  row("iss with a slash at the end", "issuer_unknown", () =>
    token({ claims: { iss: "https://id.example/" } }),
  ),
  row("iss missing", "issuer_unknown", () => token({ claims: { iss: without } })),
  row("iss a list", "issuer_unknown", () => token({ claims: { iss: ["https://id.example"] } })),
  row("iss __proto__", "issuer_unknown", () => token({ claims: { iss: "__proto__" } })),
  row("aud wrong", "audience_not_accepted", () => token({ claims: { aud: "other" } })),
  row("aud missing", "audience_not_accepted", () => token({ claims: { aud: without } })),
  row("aud a list without us", "audience_not_accepted", () => token({ claims: { aud: ["a", "b"] } })),
  row("aud a list with an object", "audience_not_accepted", () =>
    token({ claims: { aud: ["llmproxy", {}] } }),
  ),
  row("aud that begins with ours", "audience_not_accepted", () => token({ claims: { aud: "llmproxy2" } })),
  row("sub missing", "subject_invalid", () => token({ claims: { sub: without } })),
  row("sub empty", "subject_invalid", () => token({ claims: { sub: "" } })),
  row("sub a number", "subject_invalid", () => token({ claims: { sub: 1 } })),
  row("sub with a line break", "subject_invalid", () => token({ claims: { sub: "ada\nroot" } })),
  row("sub that turns writing around", "subject_invalid", () => token({ claims: { sub: "ada\u202e" } })),
  row("sub of 257 characters", "subject_invalid", () => token({ claims: { sub: "a".repeat(257) } })),
];

const forms: readonly Row[] = [
  row("a newline at the end", "malformed", () => `${token()}\n`),
  row("a blank in front", "malformed", () => ` ${token()}`),
  row("padding at the end", "malformed", () => `${token()}==`),
  row("unused bits in the last character", "malformed", () => withUnusedBits(token())),
  row("base64 instead of base64url", "malformed", () => token().replace(/\.[^.]+$/, ".+/+/")),
  row("1 MB", "malformed", () => `${"a".repeat(1_048_576)}.e30.YQ`),
  row("five parts, as of a JWE", "malformed", () => "e30.e30.e30.e30.e30"),
  row("two parts", "malformed", () => "e30.e30"),
  row("nothing", "malformed", () => ""),
  row("a header that is a list", "malformed", () => handmade("[]", claims)),
  row("a header that is no JSON", "malformed", () => handmade("{", claims)),
  row("claims that are a string", "malformed", () => handmade({ alg: "EdDSA" }, '"x"')),
  row("claims nested 2,000 deep", "malformed", () => handmade({ alg: "EdDSA" }, "[".repeat(2000))),
];

const roles: readonly Row[] = [
  ...[{ admin: true }, ["user", { admin: 1 }], ["user", 1], [["admin"]], 1, true, null].map((value) =>
    row(`roles ${JSON.stringify(value)}`, "roles_invalid", () => token({ claims: { roles: value } })),
  ),
  ...["", "../p2", "a b", "p".repeat(129), 1, null, ["default"], { id: "default" }].map((project) =>
    row(`project ${JSON.stringify(project).slice(0, 20)}`, "project_invalid", () =>
      token({ claims: { project } }),
    ),
  ),
];

function handmade(header: object | string, payload: object | string): string {
  return makeToken({ header, claims: payload, signWith: eddsa.privateKey });
}

/** The same bytes written differently: 64 bytes leave four bits of the last character unused. */
function withUnusedBits(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const other = alphabet[alphabet.indexOf(text.at(-1) ?? "") + 1] ?? "";
  const changed = text.slice(0, -1) + other;
  const bytes = (one: string) => Buffer.from(one.split(".")[2] ?? "", "base64url");
  expect(bytes(changed)).toEqual(bytes(text));
  return changed;
}

describe("a token that is not good", () => {
  const matrix = [
    ["J1", algorithms],
    ["J2", keyIds],
    ["J3, J4, J6", headers],
    ["J5", times],
    ["J6", parties],
    ["J7, J8", forms],
    ["J12", roles],
  ] as const;

  for (const [name, rows] of matrix)
    it.each(rows)(
      `${name}: $what is refused, and the log says $reason`,
      async ({ make, reason, rules: change }) => {
        const bench = createJwtBench([acceptAll(change)]);
        const text = make();
        const error = await bench.authenticate(text).catch((thrown) => thrown);
        expect({
          code: error.code,
          reason: error.reason,
          field: error.field,
          message: error.message,
        }).toEqual({
          code: "unauthenticated",
          reason: "invalid_token",
          field: undefined,
          message:
            "the api key or token is not valid; send an active one as `authorization: Bearer <api key>`",
        });
        expect(bench.lastReason()).toBe(reason);
        expect(bench.remote.fetches).toEqual([]);
        if (text.length > 20) expect(bench.logger.text()).not.toContain(text.slice(-20));
      },
    );

  it("is logged with the issuer and key id cut and in one line", async () => {
    const bench = createJwtBench([acceptAll()]);
    await bench.outcomeOf(
      token({ claims: { iss: `x\n${"y".repeat(500)}\u202e` }, header: { kid: "k".repeat(100) } }),
    );
    const { level, fields } = bench.logger.entries[0]!;
    expect({ level, ...fields }).toEqual({
      level: "info",
      reason: "issuer_unknown",
      issuer: `x?${"y".repeat(62)}`,
      kid: "k".repeat(64),
    });
  });

  it("J9: is judged by the last of two equal names, wherever it is read", async () => {
    const bench = createJwtBench([acceptAll()]);
    const twice = (text: string) =>
      makeToken({
        header: `{"alg":"none","alg":"EdDSA","kid":"${eddsa.id}"}`,
        claims: text,
        signWith: eddsa.privateKey,
      });
    const good = JSON.stringify(claims);
    const principal = await bench.authenticate(twice(good.replace("{", '{"sub":"root","roles":["admin"],')));
    expect(principal).toMatchObject({ id: "ada", roles: ["member"] });
    expect(await bench.outcomeOf(twice(good.replace("}", ',"iss":"https://evil.example"}')))).toBe(
      "unauthenticated",
    );
  });

  it("is one with any character changed", async () => {
    const bench = createJwtBench([acceptAll()]);
    const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"];
    for (const good of [
      token(),
      token({ header: { alg: "ES256", kid: es256.id }, signWith: es256.privateKey }),
      token({ header: { alg: "RS256", kid: rs256.id }, signWith: rs256.privateKey }),
    ]) {
      expect(await bench.outcomeOf(good)).toBe("ada");
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: good.length - 1 }),
          fc.constantFrom(...alphabet),
          async (at, other) => {
            if (good[at] === other) return;
            const changed = good.slice(0, at) + other + good.slice(at + 1);
            expect(await bench.outcomeOf(changed)).toBe("unauthenticated");
          },
        ),
        { numRuns: 150 },
      );
    }
  });

  it("is garbage of any kind, and never anything but unauthenticated", async () => {
    const bench = createJwtBench([acceptAll()]);
    const part = fc
      .string({ unit: "binary", maxLength: 200 })
      .map((text) => Buffer.from(text).toString("base64url"));
    const json = fc
      .string({ maxLength: 60 })
      .map((text) =>
        Buffer.from(JSON.stringify({ alg: "EdDSA", kid: text, iss: rules.issuer, [text]: text })).toString(
          "base64url",
        ),
      );
    const refused = async (text: string): Promise<void> => {
      expect(await bench.outcomeOf(text)).toBe("unauthenticated");
    };
    await fc.assert(fc.asyncProperty(fc.string({ unit: "binary", maxLength: 500 }), refused), {
      numRuns: 200,
    });
    await fc.assert(
      fc.asyncProperty(fc.tuple(part, part, part), (parts) => refused(parts.join("."))),
      { numRuns: 200 },
    );
    await fc.assert(
      fc.asyncProperty(fc.tuple(json, json, part), (parts) => refused(parts.join("."))),
      { numRuns: 200 },
    );
  });
});

describe("a token from an issuer with a secret", () => {
  const secret = randomBytes(32);
  const accept = (keys: AcceptedIssuer["keys"]): AcceptedIssuer => ({
    ...rules,
    algorithms: ["HS256"],
    keys,
  });

  it("J1: is never verified with a public key, nor by another algorithm", async () => {
    const text = createHash("sha256").update(secret).digest("hex");
    const bench = createJwtBench([accept({ kind: "secret", secret: new Secret(text) })]);
    expect(await bench.outcomeOf(token({ header: { alg: "HS256" }, signWith: Buffer.from(text) }))).toBe(
      "ada",
    );
    for (const alg of ["EdDSA", "ES256", "RS256", "none", "HS384"])
      expect(await bench.outcomeOf(token({ header: { alg }, signWith: Buffer.from(text) }))).toBe(
        "unauthenticated",
      );
    expect(await bench.outcomeOf(token({ header: { alg: "HS256" }, signWith: secret }))).toBe(
      "unauthenticated",
    );
  });

  it("cannot be configured with public keys beside it", () => {
    for (const keys of [
      { kind: "ring", keys: [eddsa] },
      { kind: "remote", url: "https://id.example/keys" },
    ] as const)
      expect(() => createJwtBench([accept(keys)])).toThrow(ProxyError);
  });
});

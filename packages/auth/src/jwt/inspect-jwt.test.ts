import { Secret } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { makeToken } from "../test-support/make-token.ts";
import { inspectJwt } from "./inspect-jwt.ts";
import { issueHs256 } from "./issue-hs256.ts";
import { createJwtIssuer, type JwtIssuer } from "./jwt-issuer.ts";
import { generateSigningKey, type SigningKey } from "./signing-key.ts";

const now = Date.UTC(2026, 0, 1);
const clock = createFakeClock(now);

let key: SigningKey;
let issuer: JwtIssuer;

beforeAll(async () => {
  key = await generateSigningKey();
  issuer = createJwtIssuer({ keys: [key], issuer: "llmproxy", audience: "us", ttlMs: 3_600_000, clock });
});

async function issued(): Promise<string> {
  const grantor = { kind: "management", id: "management", roles: ["root"] } as const;
  return (await issuer.issue({ grantor, subject: "ada", roles: ["member"] })).jwt.reveal();
}

async function reasonsOf(...given: Parameters<typeof inspectJwt>): Promise<readonly string[]> {
  return (await inspectJwt(...given)).findings.map(({ reason }) => reason);
}

describe("inspectJwt", () => {
  it("says what is in a token, with its times", async () => {
    const seen = await inspectJwt(await issued(), { clock });
    expect(seen).toMatchObject({
      header: { alg: "EdDSA", typ: "JWT", kid: key.id },
      claims: { sub: "ada", iss: "llmproxy" },
      issuedAt: new Date(now),
      notBefore: undefined,
      expiresAt: new Date(now + 3_600_000),
      signature: "unchecked",
      findings: [],
    });
  });

  it.each([
    ["the issuer's own keys", () => ({ issuer: issuer.accepted() })],
    ["a key set that is given", () => ({ jwks: JSON.stringify(issuer.jwks()) })],
  ])("checks the signature with %s", async (_, keys) => {
    const text = await issued();
    expect(await inspectJwt(text, { clock, ...keys() })).toMatchObject({ signature: "valid", findings: [] });
    const forged = `${text.slice(0, text.lastIndexOf("."))}.${Buffer.alloc(64).toString("base64url")}`;
    const seen = await inspectJwt(forged, { clock, ...keys() });
    expect(seen).toMatchObject({ signature: "invalid", findings: [{ reason: "signature_invalid" }] });
  });

  it("checks the signature with a secret", async () => {
    const secret = new Secret("q".repeat(43));
    const { jwt } = await issueHs256({ secret, issuer: "seed", subject: "ada", ttlMs: 60_000, clock });
    const rules = {
      issuer: "seed",
      audience: "us",
      isAudienceOptional: true,
      algorithms: ["HS256"],
      keys: { kind: "secret", secret },
      rolesClaim: "roles",
      roleMap: {},
      projectClaim: "project",
    } as const;
    expect(await inspectJwt(jwt.reveal(), { clock, issuer: rules })).toMatchObject({
      signature: "valid",
      findings: [],
    });
  });

  it("names everything that is wrong, not only the first thing", async () => {
    const text = makeToken({
      header: { alg: "EdDSA", kid: "../a", jku: "https://evil.example", typ: "x" },
      claims: { iss: "other", sub: "", iat: 0, exp: 1e30, nbf: 9e9, roles: {}, project: 1 },
      signWith: key.privateKey,
    });
    const seen = await inspectJwt(text, { clock, issuer: issuer.accepted() });
    expect(seen.findings.map(({ reason }) => reason)).toEqual([
      "header_forbidden",
      "kid_invalid",
      "type_not_accepted",
      "key_unknown",
      "issuer_unknown",
      "audience_not_accepted",
      "subject_invalid",
      "not_yet_valid",
      "lifetime_too_long",
      "too_old",
      "roles_invalid",
      "project_invalid",
    ]);
    expect(seen.expiresAt).toBeUndefined();
    expect(seen.findings[0]?.meaning).toContain("header");
  });

  it("judges a stranger's token only by what holds for every issuer", async () => {
    const header = { alg: "ES256" };
    const claims = { iss: "anybody", sub: "ada", iat: now / 1000, exp: now / 1000 + 10_000_000 };
    const text = makeToken({ header, claims, signWith: key.privateKey });
    expect(await reasonsOf(text, { clock })).toEqual([]);
    expect(await reasonsOf(text, { clock: createFakeClock(now * 2) })).toEqual(["expired"]);
  });

  it.each(["", "a.b.c", "sk-llp-v-abc", "e30.e30.YQ\n", "x".repeat(9000)])(
    "says of %j that it is no token",
    async (text) => {
      const seen = await inspectJwt(text, { clock, issuer: issuer.accepted() });
      expect(seen).toMatchObject({
        header: undefined,
        signature: "unchecked",
        findings: [{ reason: "malformed" }],
      });
    },
  );

  it("refuses what is no key set", async () => {
    await expect(inspectJwt(await issued(), { clock, jwks: "{}" })).rejects.toMatchObject({
      code: "invalid_request",
      field: "jwks",
    });
  });
});

import type { JsonObject, Principal } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createJwtBench } from "../test-support/jwt-bench.ts";
import { createJwtIssuer } from "./jwt-issuer.ts";
import { generateSigningKey, type SigningKey } from "./signing-key.ts";

const root: Principal = { kind: "management", id: "management", roles: ["root"] };
const hour = 3_600_000;
const now = Date.UTC(2026, 0, 1);

let keys: readonly SigningKey[];

beforeAll(async () => {
  keys = [await generateSigningKey("ES256"), await generateSigningKey("EdDSA")];
});

function issuerWith(ttlMs = hour) {
  return createJwtIssuer({
    keys,
    issuer: "llmproxy",
    audience: "us",
    ttlMs,
    clock: createFakeClock(now + 999),
  });
}

describe("createJwtIssuer", () => {
  it("makes a token that anybody can verify by the published keys", async () => {
    const issuer = issuerWith();
    const { jwt, id, expiresAt } = await issuer.issue({
      grantor: root,
      subject: "ada",
      roles: ["member", "auditor"],
      projectId: "p2",
      claims: { email: "ada@example.com" },
    });
    const { payload, protectedHeader } = await jwtVerify(
      jwt.reveal(),
      createLocalJWKSet(structuredClone(issuer.jwks()) as never),
      { issuer: "llmproxy", audience: "us", typ: "JWT", currentDate: new Date(now) },
    );
    expect(protectedHeader).toEqual({ alg: "ES256", typ: "JWT", kid: keys[0]?.id });
    expect(payload).toEqual({
      sub: "ada",
      iss: "llmproxy",
      aud: "us",
      iat: now / 1000,
      exp: (now + hour) / 1000,
      jti: id,
      roles: ["member", "auditor"],
      project: "p2",
      email: "ada@example.com",
    });
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(expiresAt).toEqual(new Date(now + hour));
  });

  it("makes a token that our own authenticator accepts", async () => {
    const issuer = issuerWith();
    const bench = createJwtBench([issuer.accepted()]);
    const { jwt } = await issuer.issue({ grantor: root, subject: "ada", roles: ["admin"], projectId: "p2" });
    expect(await bench.authenticate(jwt.reveal())).toEqual({
      kind: "jwt",
      id: "ada",
      roles: ["admin"],
      projectId: "p2",
    });
  });

  it("signs with the first key and publishes all, with nothing private", async () => {
    const issuer = issuerWith();
    const { jwt } = await issuer.issue({ grantor: root, subject: "ada", roles: ["key"] });
    expect(decodeProtectedHeader(jwt.reveal()).kid).toBe(keys[0]?.id);
    expect(issuer.jwks().keys.map(({ kid, alg, use }) => [kid, alg, use])).toEqual([
      [keys[0]?.id, "ES256", "sig"],
      [keys[1]?.id, "EdDSA", "sig"],
    ]);
    expect(JSON.stringify(issuer.jwks())).not.toContain('"d"');
  });

  it("gives each token an id of its own", async () => {
    const issuer = issuerWith();
    const grant = { grantor: root, subject: "ada", roles: ["key"] } as const;
    expect((await issuer.issue(grant)).id).not.toBe((await issuer.issue(grant)).id);
  });

  it.each([
    ["24 h", hour, 24 * hour],
    ["the configured time where that is longer", 720 * hour, 720 * hour],
  ])("lets a token live up to %s, and accepts it", async (_, configured, ttlMs) => {
    const issuer = issuerWith(configured);
    const grant = { grantor: root, subject: "ada", roles: ["key"] } as const;
    const { jwt, expiresAt } = await issuer.issue({ ...grant, ttlMs });
    expect(expiresAt.getTime()).toBe(now + ttlMs);
    const bench = createJwtBench([issuer.accepted()]);
    expect(await bench.outcomeOf(jwt.reveal())).toBe("ada");
    await expect(issuer.issue({ ...grant, ttlMs: ttlMs + 1 })).rejects.toMatchObject({ field: "ttl" });
  });

  const grant = { grantor: root, subject: "ada", roles: ["key"] } as const;
  const admin: Principal = { kind: "jwt", id: "bo", roles: ["admin"], projectId: "p1" };

  it.each([
    ["an empty subject", { ...grant, subject: "" }, "invalid_request", "subject"],
    ["a subject of 257 characters", { ...grant, subject: "a".repeat(257) }, "invalid_request", "subject"],
    ["a subject with a line break", { ...grant, subject: "a\nb" }, "invalid_request", "subject"],
    ["no role", { ...grant, roles: [] }, "invalid_request", "roles"],
    ["root", { ...grant, roles: ["key", "root"] as const }, "invalid_request", "roles[1]"],
    ["half a second", { ...grant, ttlMs: 500 }, "invalid_request", "ttl"],
    ["no time", { ...grant, ttlMs: Number.NaN }, "invalid_request", "ttl"],
    ["what is no project", { ...grant, projectId: "" }, "invalid_request", "project_id"],
    [
      "a claim of ours",
      { ...grant, claims: { roles: ["root"] } as JsonObject },
      "invalid_request",
      "claims.roles",
    ],
    ["claims beyond a header", { ...grant, claims: { x: "x".repeat(8000) } }, "invalid_request", "claims"],
    [
      "more than the grantor has",
      { ...grant, grantor: admin, roles: ["owner"] as const },
      "permission_denied",
      "roles[0]",
    ],
    ["another project", { ...grant, grantor: admin, projectId: "p2" }, "permission_denied", "project_id"],
  ])("refuses %s", async (_, wanted, code, field) => {
    await expect(issuerWith().issue(wanted)).rejects.toMatchObject({ code, field });
  });

  it("confines a token to the project of whoever grants it", async () => {
    const issuer = issuerWith();
    const { jwt } = await issuer.issue({ ...grant, grantor: admin });
    const bench = createJwtBench([issuer.accepted()]);
    expect(await bench.outcomeOf(jwt.reveal())).toBe("project_inactive");
    bench.projects.set("p1", { ...bench.projects.get("p2")!, id: "p1" });
    await bench.bus.publish({ type: "project-changed", projectId: "p1" });
    expect(await bench.authenticate(jwt.reveal())).toMatchObject({ projectId: "p1" });
  });

  it("needs a key", () => {
    expect(() =>
      createJwtIssuer({ keys: [], issuer: "a", audience: "b", ttlMs: hour, clock: createFakeClock() }),
    ).toThrow(expect.objectContaining({ code: "invalid_request", field: "keys" }));
  });
});

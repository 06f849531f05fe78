import { Secret } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { decodeJwt, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { createJwtBench } from "../test-support/jwt-bench.ts";
import { issueHs256 } from "./issue-hs256.ts";
import { parseTokenLifetime } from "./token-lifetime.ts";

const secret = new Secret("q".repeat(43));
const now = Date.UTC(2026, 0, 1);
const options = {
  secret,
  issuer: "vibectl-server",
  subject: "ada",
  ttlMs: parseTokenLifetime("1y"),
  clock: createFakeClock(now),
};

describe("issueHs256", () => {
  it("makes a token of sub, iss, iat, exp and jti", async () => {
    const { jwt, id, expiresAt } = await issueHs256(options);
    const { payload, protectedHeader } = await jwtVerify(jwt.reveal(), Buffer.from(secret.reveal()), {
      currentDate: new Date(now),
    });
    expect(protectedHeader).toEqual({ alg: "HS256", typ: "JWT" });
    const iat = now / 1000;
    expect(payload).toEqual({ sub: "ada", iss: "vibectl-server", iat, exp: iat + 31_536_000, jti: id });
    expect(expiresAt).toEqual(new Date(now + 31_536_000_000));
  });

  it("makes a token that is accepted by the same secret", async () => {
    const { jwt } = await issueHs256({ ...options, audience: "us", roles: ["write"], projectId: "p2" });
    const { authenticate } = createJwtBench([
      {
        issuer: "vibectl-server",
        audience: "us",
        algorithms: ["HS256"],
        keys: { kind: "secret", secret },
        rolesClaim: "roles",
        roleMap: { write: "operator" },
        projectClaim: "project",
        maxTtlMs: parseTokenLifetime("1y"),
      },
    ]);
    expect(await authenticate(jwt.reveal())).toMatchObject({
      id: "ada",
      roles: ["operator"],
      projectId: "p2",
    });
  });

  it("writes roles and project into the claims its issuer has for them", async () => {
    const grant = { roles: ["write"], rolesClaim: "groups", projectId: "p2", projectClaim: "team" };
    const { jwt } = await issueHs256({ ...options, ...grant });
    expect(decodeJwt(jwt.reveal())).toMatchObject({ sub: "ada", groups: ["write"], team: "p2" });
    expect(decodeJwt(jwt.reveal())).not.toHaveProperty("roles");
  });

  it("lets no claim of that kind take the place of another", async () => {
    const { jwt } = await issueHs256({ ...options, roles: ["write"], rolesClaim: "sub" });
    expect(decodeJwt(jwt.reveal())).toMatchObject({ sub: "ada" });
  });

  it.each([
    ["a secret of 31 bytes", { secret: new Secret("q".repeat(31)) }, "secret"],
    ["an empty subject", { subject: "" }, "subject"],
    ["no time", { ttlMs: 0 }, "ttl"],
    ["more than 100 years", { ttlMs: parseTokenLifetime("100y") + 1 }, "ttl"],
  ])("refuses %s", async (_, change, field) => {
    await expect(issueHs256({ ...options, ...change })).rejects.toMatchObject({
      code: "invalid_request",
      field,
    });
  });
});

import { createHmac } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Metadata } from "@grpc/grpc-js";
import { exportSigningKeys, generateSigningKey, importSigningKeys } from "@llmproxy/auth";
import { type Clock, Secret, systemClock } from "@llmproxy/spec";
import { temporaryDirectory, until } from "@llmproxy/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ForeignIssuer,
  foreignKey,
  startForeignIssuer,
  type TokenParts,
} from "../test-support/foreign-issuer.ts";
import { runCommand } from "../test-support/run-command.ts";
import { seedClient, unary } from "../test-support/seed-client.ts";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

/** @param address - whom a server behind a proxy takes it from */
function ask({ url }: Pick<TestServer, "url">, token: string, address = "203.0.113.1"): Promise<Response> {
  const headers = { "content-type": "application/json", "x-forwarded-for": address };
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hello" }] }),
  });
}

async function statusOf(server: TestServer, token: string, address?: string): Promise<number> {
  const answer = await ask(server, token, address);
  await answer.text();
  return answer.status;
}

function run(server: TestServer, given: readonly string[], stdin = "") {
  return runCommand(server.dataDirectory, [...given, "--data-dir", "."], { stdin });
}

async function issue(server: TestServer, ...given: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(server, ["jwt", "issue", ...given]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout.trim();
}

const refusals = ({ logger }: TestServer) =>
  logger.entries
    .filter(({ message }) => message === "a token was refused")
    .map(({ fields }) => fields.reason);

describe("tokens of our own", () => {
  it("are issued, called with, and inspected", async () => {
    await using server = await startTestServer();
    const token = await issue(server, "alice", "--expires-in", "2h");
    expect(await statusOf(server, token)).toBe(200);
    const inspected = await run(server, ["jwt", "inspect"], `${token}\n`);
    expect(inspected.code).toBe(0);
    expect(inspected.stdout).toMatch(/claims +sub: "alice"/);
    expect(inspected.stdout).toMatch(/expires +\S+ \S+ UTC \(in 2 hours\)/);
    expect(inspected.stdout).toMatch(/signature +valid\nverdict +valid\n$/);
    expect(inspected.stdout + inspected.stderr).not.toContain(token);
    const published = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as {
      keys: object[];
    };
    expect(published.keys).toEqual([expect.objectContaining({ kty: "OKP", crv: "Ed25519" })]);
    expect(JSON.stringify(published)).not.toContain(`"d"`);
  });

  it("are issued without a server too, on the data directory itself", async () => {
    await using directory = await temporaryDirectory();
    const written = await runCommand(directory.path, ["jwt", "issue", "ci", "--output", "token.jwt"]);
    expect(written).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("token.jwt: for ci, valid until"),
    });
    expect((await stat(join(directory.path, "token.jwt"))).mode & 0o777).toBe(0o600);
    const token = await readFile(join(directory.path, "token.jwt"), "utf8");
    const inspected = await runCommand(directory.path, ["jwt", "inspect", "-", "--json"], { stdin: token });
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      valid: true,
      signature: "valid",
      claims: { sub: "ci" },
    });
  });

  it("let a member complete, and an auditor only look", async () => {
    await using server = await startTestServer();
    const auditor = await issue(server, "carol", "--role", "auditor");
    const refused = await ask(server, auditor);
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { error: expect.objectContaining({ code: "permission_denied" }) },
    ]);
    const listed = await fetch(`${server.url}/v1/models`, {
      headers: { authorization: `Bearer ${auditor}` },
    });
    expect(listed.status).toBe(200);
    expect(await statusOf(server, await issue(server, "dave", "--role", "member"))).toBe(200);
  });

  it("are refused while their project is switched off", async () => {
    await using server = await startTestServer();
    const made = JSON.parse((await run(server, ["project", "create", "team", "--json"])).stdout) as {
      id: string;
    };
    const token = await issue(server, "erin", "--project", made.id);
    expect(await statusOf(server, token)).toBe(200);
    await run(server, ["project", "update", made.id, "--no-active"]);
    const answer = await ask(server, token);
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { error: expect.objectContaining({ code: "project_inactive" }) },
    ]);
    expect(await run(server, ["jwt", "issue", "erin", "--project", made.id])).toMatchObject({ code: 1 });
    expect(await run(server, ["jwt", "issue", "erin", "--project", "nowhere"])).toMatchObject({ code: 1 });
  });

  it("stay good while the key is rotated by editing its file", async () => {
    // Whoever follows the file looks every 5 s; here ten times as often.
    const brisk: Clock = {
      ...systemClock,
      schedule: (delayMs, callback) => systemClock.schedule(delayMs / 10, callback),
    };
    await using server = await startTestServer({}, brisk);
    const old = await issue(server, "frank");
    const file = join(server.dataDirectory, "jwt-keys.pem");
    const before = importSigningKeys(new Secret(await readFile(file, "utf8")));
    const ring = [await generateSigningKey("EdDSA"), ...before];
    await writeFile(file, exportSigningKeys(ring).reveal());
    const published = async (): Promise<number> => {
      const { keys } = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as {
        keys: object[];
      };
      return keys.length;
    };
    await until(async () => (await published()) === 2);
    const fresh = await issue(server, "grace");
    const kidOf = (token: string): unknown =>
      (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;
    expect([kidOf(old), kidOf(fresh)]).toEqual([ring[1]?.id, ring[0]?.id]);
    expect([await statusOf(server, old), await statusOf(server, fresh)]).toEqual([200, 200]);
    await writeFile(file, exportSigningKeys(ring.slice(0, 1)).reveal());
    await until(async () => (await published()) === 1);
    expect([await statusOf(server, old), await statusOf(server, fresh)]).toEqual([401, 200]);
  });
});

describe("jwt issue and jwt inspect", () => {
  it.each([
    [
      ["jwt", "issue", "x", "--expires-in", "1 day"],
      /--expires-in: expected a time such as 30m, 1h, 12h or 30d/,
    ],
    [["jwt", "issue", "x", "--expires-in", "400d"], /ttl must be 1 second to 86400 seconds/],
    [["jwt", "issue", ""], /subject must be 1 to 256 printable characters/],
    [["jwt", "issue", "x", "--role", "king"], /roles\[0\]/],
  ])("%j says what would be right", async (given, message) => {
    await using server = await startTestServer();
    expect(await run(server, given)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  it("tells every reason why a token would be refused, and exits with 1", async () => {
    await using server = await startTestServer();
    const [header, claims, signature = ""] = (await issue(server, "alice")).split(".");
    const forged = `${header}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const inspected = await run(server, ["jwt", "inspect", "--json"], forged);
    expect(inspected.code).toBe(1);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      valid: false,
      signature: "invalid",
      findings: [{ reason: "signature_invalid" }],
    });
    const foreign = await run(server, ["jwt", "inspect", "not-a-token"]);
    expect(foreign).toMatchObject({ code: 1, stdout: expect.stringContaining("refused    malformed") });
  });
});

describe("jwt inspect of somebody else's token", () => {
  it("checks the signature by the keys they publish, and says when it cannot", async () => {
    await using issuer = await startForeignIssuer(foreignKey("ES256", "a"));
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "llmproxy.json"), JSON.stringify({ auth: { jwt: [issuer.entry] } }));
    const inspect = async (token: string, ...flags: string[]) => {
      const { code, stdout } = await runCommand(directory.path, ["jwt", "inspect", "--json", ...flags], {
        stdin: token,
      });
      return { code, ...(JSON.parse(stdout) as object) };
    };
    expect(await inspect(issuer.token())).toMatchObject({ code: 0, valid: true, signature: "valid" });
    const forged = issuer.token({ sign: () => Buffer.alloc(64, 1) });
    expect(await inspect(forged)).toMatchObject({ code: 1, signature: "invalid" });
    expect(await inspect(issuer.token(), "--offline")).toMatchObject({ code: 0, signature: "unchecked" });
    const stranger = issuer.token({ claims: { iss: "somebody", exp: 1 } });
    expect(await inspect(stranger)).toMatchObject({
      code: 1,
      findings: expect.arrayContaining([
        expect.objectContaining({ reason: "expired" }),
        { reason: "issuer_unknown", meaning: expect.stringContaining("https://id.example.com") },
      ]),
    });
    issuer.isDown = true;
    expect(await inspect(issuer.token())).toMatchObject({
      signature: "unchecked",
      unchecked: expect.stringContaining("cannot be had"),
    });
  });
});

const rsa = foreignKey("RS256", "rsa-1");
const elliptic = foreignKey("ES256", "ec-1");

interface Hostile extends TokenParts {
  readonly what: string;
  readonly reason: string;
  readonly key?: typeof rsa;
  /** What is done to the text of the token. */
  readonly twist?: (token: string) => string;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
const absent = undefined;
const publicPem = rsa.publicKey.export({ type: "spki", format: "pem" });
const hostile: readonly Hostile[] = [
  ...["none", "NonE", absent, "HS512"].map((alg) => ({
    what: `J1 alg ${alg}`,
    reason: "algorithm_not_accepted",
    header: { alg },
  })),
  { what: "J1 no signature", reason: "malformed", header: { alg: "none" }, sign: () => Buffer.alloc(0) },
  {
    what: "J1 HS256 signed with the public key",
    reason: "algorithm_not_accepted",
    header: { alg: "HS256" },
    sign: (input) => createHmac("sha256", publicPem).update(input).digest(),
  },
  {
    what: "J1 ES256 with r = s = 0",
    reason: "signature_invalid",
    key: elliptic,
    sign: () => Buffer.alloc(64),
  },
  { what: "J2 an unknown kid", reason: "key_unknown", header: { kid: "who" } },
  ...["../../dev/null", "1' or '1'='1", "k".repeat(4_000)].map((kid) => ({
    what: `J2 kid ${kid.slice(0, 20)}`,
    reason: "kid_invalid",
    header: { kid },
  })),
  { what: "J2 no kid", reason: "key_unknown or kid_missing", header: { kid: absent } },
  ...["jku", "x5u"].map((member) => ({
    what: `J3 ${member}`,
    reason: "header_forbidden",
    header: { [member]: "ISSUER/elsewhere" },
  })),
  { what: "J3 jwk", reason: "header_forbidden", header: { jwk: rsa.publicKey.export({ format: "jwk" }) } },
  { what: "J3 x5c", reason: "header_forbidden", header: { x5c: ["MIIB"] } },
  { what: "J4 crit", reason: "header_forbidden", header: { crit: ["exp"] } },
  { what: "J4 b64 false", reason: "header_forbidden", header: { b64: false, crit: ["b64"] } },
  { what: "J5 no exp", reason: "time_invalid", claims: { exp: absent } },
  { what: "J5 exp as text", reason: "time_invalid", claims: { exp: "2100" } },
  { what: "J5 exp long ago", reason: "expired", claims: { iat: seconds() - 700, exp: seconds() - 100 } },
  { what: "J5 exp 1e30", reason: "lifetime_too_long", claims: { exp: 1e30 } },
  { what: "J5 iat to come", reason: "issued_in_future", claims: { iat: seconds() + 300 } },
  { what: "J5 nbf to come", reason: "not_yet_valid", claims: { nbf: seconds() + 300 } },
  { what: "J6 iss with a slash more", reason: "issuer_unknown", claims: { iss: "https://id.example.com/" } },
  { what: "J6 another aud", reason: "audience_not_accepted", claims: { aud: "others" } },
  { what: "J6 no aud", reason: "audience_not_accepted", claims: { aud: absent } },
  { what: "J6 another typ", reason: "type_not_accepted", header: { typ: "dpop+jwt" } },
  { what: "J7 padding", reason: "malformed", twist: (token) => `${token}==` },
  { what: "J7 one part more", reason: "malformed", twist: (token) => `${token}.` },
  { what: "J8 five parts", reason: "malformed", twist: (token) => `${token}.AAAA.AAAA` },
  { what: "J12 roles as an object", reason: "roles_invalid", claims: { roles: { admin: true } } },
];

describe("tokens of others that are not good", () => {
  let issuer: ForeignIssuer;
  let server: TestServer;

  beforeAll(async () => {
    issuer = await startForeignIssuer(rsa);
    issuer.keys = [rsa, elliptic];
    server = await startTestServer({
      auth: { jwt: [issuer.entry] },
      // Who fails to log in too often is refused for a while; each of these comes from somewhere else.
      server: { trusted_proxies: ["127.0.0.1"] },
    });
    expect(await statusOf(server, issuer.token())).toBe(200);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });

  it.each(hostile)(
    "$what: 401, the reason in the log, and nothing fetched",
    async ({ key, twist, reason, ...parts }) => {
      const header = JSON.parse(JSON.stringify(parts.header ?? {}).replace("ISSUER", issuer.url)) as object;
      const absentOnes = Object.fromEntries(
        Object.entries(parts.header ?? {}).filter(([, value]) => value === absent),
      );
      const token = issuer.token({ ...parts, header: { ...header, ...absentOnes } }, key);
      const before = { refused: refusals(server).length, fetched: issuer.requests.length };
      const answer = await ask(server, twist?.(token) ?? token, anyAddress());
      expect([answer.status, await answer.json()]).toEqual([401, await refusalBody(server)]);
      expect(reason.split(" or ")).toContain(refusals(server)[before.refused]);
      expect(issuer.requests.length).toBe(before.fetched);
    },
  );

  it("J8 are not even taken apart when they are longer than 8 KB", async () => {
    const before = refusals(server).length;
    const answer = await ask(server, issuer.token({ claims: { filler: "x".repeat(9000) } }), anyAddress());
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: "unauthenticated" } }]);
    expect(refusals(server)).toHaveLength(before);
  });

  it("fetch at most once for a thousand kids that nobody has", { timeout: 60_000 }, async () => {
    const before = issuer.requests.length;
    const kids = Array.from({ length: 1000 }, (_, number) => `k-${number}`);
    for (let start = 0; start < kids.length; start += 50)
      await Promise.all(
        kids.slice(start, start + 50).map(async (kid) => {
          expect(await statusOf(server, issuer.token({ header: { kid } }), anyAddress())).toBe(401);
        }),
      );
    expect(issuer.requests.length - before).toBeLessThanOrEqual(1);
    expect(await statusOf(server, issuer.token())).toBe(200);
  });

  it("J12 grant nothing by roles that mean nothing here", async () => {
    expect(await statusOf(server, issuer.token({ claims: { roles: ["root", "owner"] } }))).toBe(403);
  });
});

let addresses = 0;
const anyAddress = (): string => {
  addresses += 1;
  return `198.51.${addresses >> 8}.${addresses & 255}`;
};

/** What everybody is told whose token is not good, whatever the reason. */
async function refusalBody(server: TestServer): Promise<unknown> {
  return (await ask(server, "not.a.token", anyAddress())).json();
}

describe("tokens of somebody else", () => {
  it("are accepted by the keys they publish, through a rotation and an outage", async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
    await using issuer = await startForeignIssuer(foreignKey("EdDSA", "first"));
    await using server = await startTestServer({ auth: { jwt: [issuer.entry] } }, clock);
    const before = issuer.token();
    expect(await statusOf(server, before)).toBe(200);
    // A minute later there is a second key; the first is still published.
    aheadMs += 60_000;
    const second = foreignKey("ES256", "second");
    issuer.keys = [second, ...issuer.keys];
    expect(await statusOf(server, issuer.token({}, second))).toBe(200);
    expect(await statusOf(server, before)).toBe(200);
    expect(issuer.requests).toEqual(["/jwks", "/jwks"]);
    // What was fetched stays good while the issuer is not there.
    issuer.isDown = true;
    aheadMs += 900_000;
    expect(await statusOf(server, issuer.token({ claims: { sub: "bob" } }, second))).toBe(200);
  });

  it("wait for nobody: without keys the answer is 503, and says when to try again", async () => {
    await using issuer = await startForeignIssuer(foreignKey("EdDSA", "only"));
    issuer.isDown = true;
    await using server = await startTestServer({ auth: { jwt: [issuer.entry] } });
    const answer = await ask(server, issuer.token());
    expect([answer.status, answer.headers.has("retry-after")]).toEqual([503, true]);
  });
});

describe("generate-token", () => {
  const secret = "0123456789abcdef0123456789abcdef0123456789";

  /** Configuration of a server that shares a secret, in files as an operator has them. */
  async function shareSecret(server: TestServer, more: Record<string, unknown> = {}): Promise<void> {
    await writeFile(join(server.dataDirectory, "jwt-secret"), `${secret}\n`, { mode: 0o600 });
    const entry = { issuer: "vibectl-server", audience: "llmproxy", secret_file: "jwt-secret", ...more };
    await writeFile(join(server.dataDirectory, "llmproxy.yaml"), JSON.stringify({ auth: { jwt: [entry] } }));
    await until(() => server.live.current().auth.jwt.length === 1);
  }

  it("makes a token that gRPC and HTTP accept", async () => {
    await using server = await startTestServer();
    await shareSecret(server);
    const { stdout, stderr, code } = await run(server, ["generate-token", "alice"]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/for alice, valid until .*\(in 1 year\)/)]);
    const token = stdout.trim();
    expect(await statusOf(server, token)).toBe(200);
    using client = await seedClient(server);
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    const request = { user_fragments: ["hello"], model_name: "echo" };
    const answer = await unary(client.Execute.bind(client), request, metadata);
    expect(answer).toMatchObject({ result: "success", success: { response_text: "hello" } });
    expect((await run(server, ["jwt", "inspect"], token)).stdout).toMatch(/signature +valid/);
  });

  it("speaks the words of its issuer, and writes a file only its owner can read", async () => {
    await using server = await startTestServer();
    await shareSecret(server, { roles_claim: "groups", role_map: { staff: "member", boss: "auditor" } });
    const made = await run(server, [
      "generate-token",
      "bob",
      "--expires-in",
      "90 days",
      "--output",
      "bob.jwt",
      "--json",
    ]);
    expect(JSON.parse(made.stdout)).toMatchObject({
      subject: "bob",
      file: join(server.dataDirectory, "bob.jwt"),
    });
    expect((await stat(join(server.dataDirectory, "bob.jwt"))).mode & 0o777).toBe(0o600);
    const token = (await readFile(join(server.dataDirectory, "bob.jwt"), "utf8")).trim();
    expect(await statusOf(server, token)).toBe(200);
    const inspected = JSON.parse((await run(server, ["jwt", "inspect", "--json"], token)).stdout) as unknown;
    expect(inspected).toMatchObject({ valid: true, claims: { groups: ["staff"] } });
    const auditor = (await run(server, ["generate-token", "eve", "--role", "boss"])).stdout.trim();
    expect(await statusOf(server, auditor)).toBe(403);
    const longest = await run(server, ["generate-token", "old", "--expires-in", "366d"]);
    expect(await statusOf(server, longest.stdout.trim())).toBe(200);
    for (const [given, message] of [
      [["--role", "king"], /--role: "king" means nothing .* staff \(member\), boss \(auditor\)/],
      [["--issuer", "nobody"], /--issuer: .*there is vibectl-server/],
      [["--expires-in", "2y"], /at most 366 days/],
      [["--expires-in", "soon"], /--expires-in: expected 30d, 6m \(months\), 1y or "90 days", got "soon"/],
    ] as const)
      expect(await run(server, ["generate-token", "x", ...given])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(message),
      });
  });

  it("says exactly what to configure where there is no secret", async () => {
    await using directory = await temporaryDirectory();
    const { code, stderr } = await runCommand(directory.path, ["generate-token", "alice"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("openssl rand -base64 48 > jwt-secret")]);
    const lines = stderr.slice(stderr.indexOf("auth:\n"));
    await writeFile(join(directory.path, "jwt-secret"), secret, { mode: 0o600 });
    await writeFile(join(directory.path, "llmproxy.yaml"), lines);
    expect(await runCommand(directory.path, ["generate-token", "alice"])).toMatchObject({ code: 0 });
  });
});

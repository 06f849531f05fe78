import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { inspect } from "node:util";
import { Secret } from "@llmproxy/spec";
import { calculateJwkThumbprint } from "jose";
import { describe, expect, it } from "vitest";
import { publicJwk } from "./public-jwk.ts";
import { exportSigningKeys, generateSigningKey, importSigningKey, importSigningKeys } from "./signing-key.ts";

const algorithms = ["EdDSA", "ES256", "RS256"] as const;

function pem(key: KeyObject): string {
  return String(key.export({ format: "pem", type: "pkcs8" }));
}

describe("signing keys", () => {
  it.each(algorithms)("are made for %s and come back from PEM as they were", async (algorithm) => {
    const key = await generateSigningKey(algorithm);
    const read = importSigningKey(exportSigningKeys([key]), algorithm);
    expect(read.privateKey.equals(key.privateKey)).toBe(true);
    expect([read.id, read.algorithm, read.publicJwk]).toEqual([key.id, algorithm, key.publicJwk]);
  });

  it.each(algorithms)("come from a private JWK for %s too", async (algorithm) => {
    const key = await generateSigningKey(algorithm);
    const jwk = new Secret(JSON.stringify(key.privateKey.export({ format: "jwk" })));
    expect(importSigningKey(jwk, algorithm).id).toBe(key.id);
  });

  it.each(algorithms)("are named by their thumbprint for %s", async (algorithm) => {
    const { id, publicKey } = await generateSigningKey(algorithm);
    expect(id).toBe(await calculateJwkThumbprint(publicKey.export({ format: "jwk" }), "sha256"));
  });

  it("have the thumbprint of RFC 8037, appendix A.3", () => {
    const key = createPrivateKey({
      key: {
        kty: "OKP",
        crv: "Ed25519",
        d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      },
      format: "jwk",
    });
    expect(importSigningKey(new Secret(pem(key))).id).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });

  it("form a ring in the order of the file, whatever stands between the blocks", async () => {
    const keys = await Promise.all(algorithms.map((algorithm) => generateSigningKey(algorithm)));
    const text = keys.map((key) => `# a comment\r\n${pem(key.privateKey)}`).join("\n\n");
    const ring = importSigningKeys(new Secret(text), "EdDSA");
    expect(ring.map((key) => key.id)).toEqual(keys.map((key) => key.id));
    expect(importSigningKeys(exportSigningKeys(ring)).map((key) => key.id)).toEqual(
      keys.map((key) => key.id),
    );
  });

  it("form a ring from a set of private JWKs", async () => {
    const keys = [await generateSigningKey(), await generateSigningKey("ES256")];
    const text = JSON.stringify({ keys: keys.map((key) => key.privateKey.export({ format: "jwk" })) });
    expect(importSigningKeys(new Secret(text)).map((key) => key.id)).toEqual(keys.map((key) => key.id));
  });

  it("show nothing private, however they are printed", async () => {
    const key = await generateSigningKey();
    const { d } = key.privateKey.export({ format: "jwk" });
    const printed = `${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}${inspect(exportSigningKeys([key]))}`;
    expect(printed).not.toContain(d);
    expect(printed).not.toContain("PRIVATE");
    expect(Object.keys(key.publicJwk).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  });

  const ed25519 = generateKeyPairSync("ed25519");
  const secretBytes = pem(ed25519.privateKey).slice(30, 60);

  it.each([
    ["nothing", ""],
    ["text", "hello"],
    ["a public key", String(ed25519.publicKey.export({ format: "pem", type: "spki" }))],
    ["a public JWK", JSON.stringify(ed25519.publicKey.export({ format: "jwk" }))],
    ["a block cut short", pem(ed25519.privateKey).slice(0, 80)],
    ["a broken block", pem(ed25519.privateKey).replace("MC4C", "MC4D")],
    ["RSA with 1024 bits", pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey)],
    ["another curve", pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey)],
    ["an X25519 key", pem(generateKeyPairSync("x25519").privateKey)],
    ["the same key twice", pem(ed25519.privateKey).repeat(2)],
    ["17 keys", Array.from({ length: 17 }, () => pem(generateKeyPairSync("ed25519").privateKey)).join("")],
    ["an endless text", pem(ed25519.privateKey) + "x".repeat(131_072)],
    ["an empty set", '{"keys":[]}'],
    ["a set of text", '{"keys":["x"]}'],
  ])("are not read from %s", (_, text) => {
    const read = () => importSigningKeys(new Secret(text));
    expect(read).toThrow(expect.objectContaining({ code: "invalid_request", field: "key_file" }));
    expect(read).not.toThrow(secretBytes);
  });

  it("must be for the algorithm that is asked for", () => {
    expect(() => importSigningKey(new Secret(pem(ed25519.privateKey)), "RS256")).toThrow(
      "begins with a key for EdDSA, but the algorithm is RS256",
    );
  });

  it("are one where one is asked for", async () => {
    const two = exportSigningKeys([await generateSigningKey(), await generateSigningKey()]);
    expect(() => importSigningKey(two)).toThrow("holds several keys");
  });
});

describe("publicJwk", () => {
  it("is hashed over the required members in lexical order (RFC 7638 §3.2)", () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    const text = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
    expect(publicJwk(publicKey, "ES256")).toEqual({
      kty: "EC",
      crv: "P-256",
      x,
      y,
      alg: "ES256",
      use: "sig",
      kid: createHash("sha256").update(text).digest("base64url"),
    });
  });
});

import { createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { maxJwksBytes, parseJwks } from "./parse-jwks.ts";

const jwk = {
  ed25519: generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" }),
  rsa2048: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" }),
  rsa1024: generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" }),
  private: generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }),
};

function read(...keys: readonly unknown[]) {
  return parseJwks(JSON.stringify({ keys })).map(({ id, algorithm }) =>
    id ? `${id} ${algorithm}` : algorithm,
  );
}

describe("parseJwks", () => {
  it("reads keys of the three kinds in use, with the algorithm each is for", () => {
    expect(
      read(
        { ...jwk.ed25519, kid: "a" },
        { ...jwk.p256, kid: "b", use: "sig", alg: "ES256" },
        { ...jwk.rsa2048, kid: "c", key_ops: ["verify"], x5c: ["ignored"], x5t: "ignored" },
        jwk.ed25519,
      ),
    ).toEqual(["a EdDSA", "b ES256", "c RS256", "EdDSA"]);
  });

  it("reads bytes as UTF-8", () => {
    const keys = parseJwks(Buffer.from(JSON.stringify({ keys: [{ ...jwk.ed25519, kid: "ü" }] })));
    expect(keys[0]?.id).toBe("ü");
  });

  it.each([
    ["an unknown type", { kty: "AKP", alg: "ML-DSA-44", pub: "AAAA" }],
    ["another curve", jwk.p384],
    ["RSA with 1024 bits", jwk.rsa1024],
    ["a key to encrypt with", { ...jwk.rsa2048, use: "enc" }],
    ["a key that only signs", { ...jwk.ed25519, key_ops: ["sign"] }],
    ["an algorithm of another family", { ...jwk.rsa2048, alg: "HS256" }],
    ["an algorithm not in use", { ...jwk.rsa2048, alg: "RS512" }],
    ["a name of an algorithm that tokens may not use", { ...jwk.ed25519, alg: "Ed25519" }],
    ["a private key", jwk.private],
    ["a secret", { kty: "oct", k: createHmac("sha256", "x").digest("base64url") }],
    ["half a key", { kty: "OKP", crv: "Ed25519" }],
    ["a point that is not on the curve", { ...jwk.p256, x: jwk.p256.y }],
    ["text", "key"],
    ["null", null],
    ["a list", [jwk.ed25519]],
  ])("leaves %s out", (_, key) => {
    expect(read(key, { ...jwk.ed25519, kid: "good" })).toEqual(["good EdDSA"]);
  });

  it.each([
    ["101 keys", JSON.stringify({ keys: Array.from({ length: 101 }, () => jwk.ed25519) })],
    ["more than 256 KB", `{"keys":[]}${" ".repeat(maxJwksBytes)}`],
    ["no list", '{"keys":{}}'],
    ["nothing", ""],
  ])("refuses a set with %s", (_, text) => {
    expect(() => parseJwks(text)).toThrow(
      expect.objectContaining({ code: "invalid_request", field: "jwks" }),
    );
  });
});

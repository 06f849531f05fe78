/**
 * Somebody else who issues tokens: keys of their own, published by a server of their own.
 *
 * @module
 */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A key of the issuer. */
export interface ForeignKey {
  readonly kid: string;
  readonly alg: "EdDSA" | "ES256" | "RS256";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What a token is made of; a member that is undefined is not in it. */
export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Makes the signature of `header.claims`; that of the key when absent. */
  readonly sign?: (input: Buffer) => Buffer;
}

/** The issuer. */
export interface ForeignIssuer extends AsyncDisposable {
  /** Where it is; anything but `/jwks` is answered 200 and counted like it. */
  readonly url: string;
  /** An entry of `auth.jwt` that accepts it. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** The paths that were asked for. */
  readonly requests: readonly string[];
  /** The keys it publishes. */
  keys: readonly ForeignKey[];
  /** Whether it answers at all. */
  isDown: boolean;
  /** A token that is good but for what is changed. */
  token(parts?: TokenParts, key?: ForeignKey): string;
}

const name = "https://id.example.com";

/** Makes a key. */
export function foreignKey(alg: ForeignKey["alg"], kid: string): ForeignKey {
  if (alg === "RS256") return { kid, alg, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
  if (alg === "ES256") return { kid, alg, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
  return { kid, alg, ...generateKeyPairSync("ed25519") };
}

/** Starts an issuer on a free port of 127.0.0.1. */
export async function startForeignIssuer(first: ForeignKey): Promise<ForeignIssuer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    if (issuer.isDown) {
      request.socket.destroy();
      return;
    }
    const keys = issuer.keys.map(({ kid, alg, publicKey }) => ({
      ...publicKey.export({ format: "jwk" }),
      ...{ kid, alg, use: "sig" },
    }));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwks = { jwks_url: `${url}/jwks`, allow_private: true };
  const issuer: ForeignIssuer = {
    url,
    entry: { issuer: name, audience: "llmproxy", ...jwks },
    requests,
    keys: [first],
    isDown: false,
    token: (parts, key = issuer.keys[0] ?? first) => makeToken(key, parts),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return issuer;
}

function makeToken(key: ForeignKey, { header, claims, sign = signer(key) }: TokenParts = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: name, aud: "llmproxy", sub: "ada", iat: now, exp: now + 600, roles: ["user"] };
  const parts = [
    { alg: key.alg, typ: "JWT", kid: key.kid, ...header },
    { ...good, ...claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${input}.${sign(Buffer.from(input)).toString("base64url")}`;
}

function signer({ alg, privateKey }: ForeignKey): (input: Buffer) => Buffer {
  if (alg === "EdDSA") return (input) => sign(null, input, privateKey);
  if (alg === "RS256") return (input) => sign("sha256", input, privateKey);
  return (input) => sign("sha256", input, { key: privateKey, dsaEncoding: "ieee-p1363" });
}

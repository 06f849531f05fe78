import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createUpstreamClient, type UpstreamClientOptions } from "./upstream-client.ts";

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Served {
  readonly port: number;
  readonly ca: string;
  /** What the clients asked for, in order. */
  readonly names: (string | false | null)[];
  /** Whether each connection resumed an earlier session. */
  readonly resumed: boolean[];
}

/** An HTTPS server of these names that closes each connection after its answer. */
async function serve(names: readonly string[]): Promise<Served> {
  const { cert, key } = selfSigned(names);
  const server = createServer({ cert, key }, (_, response) => {
    response.setHeader("connection", "close").end("{}");
  });
  const asked: (string | false | null)[] = [];
  const resumed: boolean[] = [];
  server.on("secureConnection", (socket: TLSSocket) => {
    asked.push((socket as TLSSocket & { servername: string | false | null }).servername);
    resumed.push(socket.isSessionReused());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ca: cert, names: asked, resumed };
}

function clientOf(options: Partial<UpstreamClientOptions> & { baseUrl: string }) {
  const client = createUpstreamClient({
    provider: "fake",
    allowPrivate: true,
    lookup: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    ...options,
  });
  closers.push(() => client.close());
  return async () => {
    const { signal } = new AbortController();
    const response = await client.request({ method: "GET", path: "/", headers: {}, body: [], signal });
    while (await response.read());
    return response.status;
  };
}

describe("upstreams over TLS", () => {
  it("verifies the certificate against the name, and tells the server which one it wants", async () => {
    const { port, ca, names } = await serve(["models.test"]);
    expect(await clientOf({ baseUrl: `https://models.test:${port}`, ca })()).toBe(200);
    expect(names).toEqual(["models.test"]);
  });

  it("asks for the name without its final dot", async () => {
    const { port, ca, names } = await serve(["models.test"]);
    expect(await clientOf({ baseUrl: `https://models.test.:${port}`, ca })()).toBe(200);
    expect(names).toEqual(["models.test"]);
  });

  it("resumes its session on the next connection", async () => {
    const { port, ca, resumed } = await serve(["models.test"]);
    const ask = clientOf({ baseUrl: `https://models.test:${port}`, ca });
    await ask();
    await ask();
    expect(resumed).toEqual([false, true]);
  });

  it("refuses a certificate nobody it trusts has signed", async () => {
    const { port } = await serve(["models.test"]);
    await expect(clientOf({ baseUrl: `https://models.test:${port}` })()).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" could not be reached: its TLS certificate is not trusted',
    });
  });

  it("verifies certificates whatever the environment says", async () => {
    const { port } = await serve(["models.test"]);
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    closers.push(() => vi.unstubAllEnvs());
    await expect(clientOf({ baseUrl: `https://models.test:${port}` })()).rejects.toMatchObject({
      message: 'provider "fake" could not be reached: its TLS certificate is not trusted',
    });
  });

  it("refuses a certificate of another name", async () => {
    const { port, ca } = await serve(["other.test"]);
    await expect(clientOf({ baseUrl: `https://models.test:${port}`, ca })()).rejects.toMatchObject({
      code: "upstream_failed",
      message: 'provider "fake" could not be reached: its TLS certificate is for another name',
    });
  });
});

/** A certificate for these names, signed with its own key: RFC 5280 in as few bytes as it takes. */
function selfSigned(names: readonly string[]): { readonly cert: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = createPublicKey(createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })));
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    const size = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
    return Buffer.concat([Buffer.from([tag, ...size]), content]);
  };
  const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
  const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
  const name = sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from("test")))));
  const time = (text: string) => der(0x17, Buffer.from(text));
  const alternatives = sequence(...names.map((text) => der(0x82, Buffer.from(text))));
  const extension = sequence(oid("551d11"), der(0x04, alternatives));
  const certified = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(time("200101000000Z"), time("491231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", certified, privateKey)]);
  const body = sequence(certified, ecdsaWithSha256, der(0x03, signature)).toString("base64");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

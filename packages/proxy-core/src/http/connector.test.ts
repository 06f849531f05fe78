import { once } from "node:events";
import { createFakeUpstream, type FakeUpstream, until } from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConnectorOptions, createConnector, type ResolvedAddress } from "./connector.ts";

let upstream: FakeUpstream;

beforeEach(async () => {
  upstream = await createFakeUpstream();
  upstream.respond({ body: "{}" });
});

afterEach(() => upstream.close());

/** Connects to `host` on the upstream's port and tells the status it answers with, or throws why it failed. */
async function ask(host: string, options: Partial<ConnectorOptions> = {}): Promise<number> {
  const connector = createConnector({
    protocol: "http:",
    host,
    port: upstream.port,
    allowPrivate: true,
    ...options,
  });
  const socket = connector.connect();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once(connector.readyEvent, () => {
        if (!socket.destroyed) resolve();
      });
    });
    socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    const [head] = await once(socket, "data");
    return Number(String(head).split(" ", 2)[1]);
  } finally {
    socket.destroy();
  }
}

const address = (text: string): ResolvedAddress => ({ address: text, family: text.includes(":") ? 6 : 4 });
const answering =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses.map(address));

const refused = { code: "upstream_failed", message: expect.stringContaining("allow_private") };

describe("createConnector", () => {
  it("connects to the address a name resolves to", async () => {
    expect(await ask("models.test", { lookup: answering("127.0.0.1") })).toBe(200);
  });

  it("resolves names as the system does when not told how", async () => {
    expect(await ask("localhost")).toBe(200);
  });

  it("tries the next address when one does not answer", async () => {
    expect(await ask("models.test", { lookup: answering("::1", "127.0.0.1") })).toBe(200);
  });

  it.each([
    ["a private address", ["127.0.0.1"]],
    ["a mix of public and private addresses", ["93.184.216.34", "127.0.0.1"]],
    ["private addresses after public ones", ["2606:2800:220:1::1", "93.184.216.34", "::ffff:127.0.0.1"]],
    ["a NAT64 address of this machine", ["64:ff9b::7f00:1"]],
    ["nonsense", ["localhost"]],
  ])("does not connect to a name that resolves to %s", async (_, addresses) => {
    const options = { allowPrivate: false, lookup: answering(...addresses) };
    await expect(ask("models.test", options)).rejects.toMatchObject(refused);
    expect(upstream.connections).toBe(0);
  });

  it.each(["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200"])(
    "does not connect to a name that resolves to %s even where private addresses are allowed",
    async (metadata) => {
      await expect(ask("models.test", { lookup: answering("127.0.0.1", metadata) })).rejects.toMatchObject(
        refused,
      );
      expect(upstream.connections).toBe(0);
    },
  );

  it.each(["127.0.0.1", "::1", "::ffff:127.0.0.1"])("does not connect to the literal %s", async (host) => {
    const lookup = () => Promise.reject(new Error("a literal is not looked up"));
    await expect(ask(host, { allowPrivate: false, lookup })).rejects.toMatchObject(refused);
    expect(upstream.connections).toBe(0);
  });

  it("checks the address it was connected to, whatever was resolved", async () => {
    let reads = 0;
    // Resolves to a public address while it is looked at, and to this machine when it is used.
    const rebinding = {
      family: 4,
      get address() {
        reads += 1;
        return reads === 1 ? "93.184.216.34" : "127.0.0.1";
      },
    };
    const lookup = () => Promise.resolve([rebinding]);
    await expect(ask("models.test", { allowPrivate: false, lookup })).rejects.toMatchObject(refused);
    await until(() => upstream.openConnections === 0);
    expect(upstream.requests).toEqual([]);
  });

  it("fails when a name has no address", async () => {
    await expect(ask("models.test", { lookup: answering() })).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});

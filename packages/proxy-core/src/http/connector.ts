/**
 * The one way out: connections that are checked before and after they are made.
 *
 * The check has to sit here and not in front: a name may resolve to another address at each lookup (DNS
 * rebinding), and a lookup hook alone is not called for hosts that are addresses already.
 *
 * @module
 */

import { promises as dns } from "node:dns";
import { connect, isIP, type LookupFunction, Socket, type TcpNetConnectOpts } from "node:net";
import { getBuiltinModule } from "node:process";
import type { ConnectionOptions } from "node:tls";
import { ProxyError } from "@llmproxy/spec";
import { classifyAddress } from "./address-guard.ts";

/** An address a name resolves to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a host name to all its addresses, best first. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** What a {@link createConnector} is made from. */
export interface ConnectorOptions {
  readonly protocol: "http:" | "https:";
  /** Lower-case name or address, without brackets and final dot. */
  readonly host: string;
  readonly port: number;
  /** Whether private addresses may be connected to. */
  readonly allowPrivate: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** How names are resolved; the operating system's way when absent. */
  readonly lookup?: Lookup | undefined;
}

/** Makes connections to one origin. */
export interface Connector {
  /** What a socket emits when it can be written to. */
  readonly readyEvent: "connect" | "secureConnect";
  /**
   * Starts a connection. Destroying the socket ends the attempt, the lookup included.
   *
   * @returns a socket that emits `readyEvent`, or `error`: `upstream_failed` for an address that is not allowed,
   *   or what the system says. It may have been destroyed by the time it emits `readyEvent`.
   */
  connect(): Socket;
}

/** How long one of several addresses is tried before the next is. */
const addressAttemptMs = 500;
/** When an idle connection is first probed; a stream may rest for minutes while its model thinks. */
const keepAliveProbeMs = 60_000;

/**
 * Makes a connector whose every connection is checked: all addresses of a name before connecting, the address
 * of the peer after it. Certificates are verified whatever the environment says, and proxies named there are
 * not used.
 */
export function createConnector(options: ConnectorOptions): Connector {
  const { protocol, host, port, allowPrivate } = options;
  const target = {
    host,
    port,
    lookup: guardedLookup(options),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressAttemptMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveProbeMs,
  };
  const isSecure = protocol === "https:";
  const open = isSecure ? secureOpener(target, options) : () => connect(target);
  return {
    readyEvent: isSecure ? "secureConnect" : "connect",
    connect() {
      if (isIP(host) !== 0 && !isAllowed(host, allowPrivate)) return new Socket().destroy(refused());
      const socket = open();
      checkPeer(socket, allowPrivate);
      return socket;
    },
  };
}

/**
 * Opens TLS connections, each of which resumes the session of the one before. TLS is loaded by the first that needs
 * it: it costs 6 MB where all are local.
 */
function secureOpener(target: TcpNetConnectOpts, { host, ca }: ConnectorOptions): () => Socket {
  let session: Buffer | undefined;
  return () => {
    const options: ConnectionOptions = {
      ...target,
      // RFC 6066 §3: addresses are no server names.
      servername: isIP(host) === 0 ? host : "",
      rejectUnauthorized: true,
      ALPNProtocols: ["http/1.1"],
      ...(ca === undefined ? {} : { ca }),
      ...(session === undefined ? {} : { session }),
    };
    const socket = getBuiltinModule("node:tls").connect(options);
    socket.on("session", (ticket) => {
      session = ticket;
    });
    const forget = (): void => {
      session = undefined;
    };
    socket.once("error", forget);
    socket.once("secureConnect", () => socket.off("error", forget));
    return socket;
  };
}

function checkPeer(socket: Socket, allowPrivate: boolean): void {
  socket.once("connect", () => {
    if (!isAllowed(socket.remoteAddress ?? "", allowPrivate)) socket.destroy(refused());
  });
}

/** One address that is not allowed spoils the whole answer: a mix is what an attack looks like. */
function guardedLookup({ lookup = systemLookup, allowPrivate }: ConnectorOptions): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (!first) callback(notFound(hostname), "");
        else if (!addresses.every(({ address }) => isAllowed(address, allowPrivate))) callback(refused(), "");
        else if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

function systemLookup(hostname: string): Promise<readonly ResolvedAddress[]> {
  return dns.lookup(hostname, { all: true });
}

function isAllowed(address: string, allowPrivate: boolean): boolean {
  const kind = classifyAddress(address);
  return kind === "public" || (kind === "private" && allowPrivate);
}

function refused(): ProxyError {
  return new ProxyError(
    "upstream_failed",
    "its address is private or never allowed; a private one needs allow_private: true",
  );
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no addresses for ${hostname}`), { code: "ENOTFOUND" });
}

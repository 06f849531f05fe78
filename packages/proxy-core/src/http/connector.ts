/**
 * The one way out: connections that are checked before and after they are made.
 *
 * The check has to sit here and not in front: a name may resolve to another address at each lookup (DNS
 * rebinding), and a lookup hook alone is not called for hosts that are addresses already.
 *
 * @module
 */

import { promises as dns } from "node:dns";
import { Agent as HttpAgent } from "node:http";
import type { AgentOptions as HttpsAgentOptions } from "node:https";
import { isIP, type LookupFunction, Socket } from "node:net";
import { getBuiltinModule } from "node:process";
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
  /** Whether private addresses may be connected to. */
  readonly allowPrivate: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** How names are resolved; the operating system's way when absent. */
  readonly lookup?: Lookup | undefined;
}

/**
 * An uvicorn (vLLM and many others) closes an idle connection after 5 s without announcing it. Plain `http:`
 * upstreams are near and cheap to connect to; `https:` ones keep connections for minutes.
 */
const idleSocketMs = { "http:": 4_000, "https:": 30_000 };
/** How long one of several addresses is tried before the next is. */
const addressAttemptMs = 500;

/**
 * Makes a pool of keep-alive connections whose every member has been checked: all addresses of a name before
 * connecting, the address of the peer after it. Certificates are verified whatever the environment says, and
 * proxies named there are not used.
 */
export function createConnector(options: ConnectorOptions): HttpAgent {
  const { protocol, ca } = options;
  const shared = {
    keepAlive: true,
    timeout: idleSocketMs[protocol],
    lookup: guardedLookup(options),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressAttemptMs,
  };
  const agent =
    protocol === "https:"
      ? httpsAgent({ ...shared, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) })
      : new HttpAgent(shared);
  guardConnections(agent, options.allowPrivate);
  return agent;
}

/** TLS is loaded by the first provider that needs it: it costs 6 MB where all are local. */
function httpsAgent(options: HttpsAgentOptions): HttpAgent {
  const { Agent } = getBuiltinModule("node:https");
  return new Agent(options);
}

/** Closes the connections that carry no request. */
export function closeIdleSockets(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}

function guardConnections(agent: HttpAgent, allowPrivate: boolean): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const host = options.host ?? "";
    if (isIP(host) !== 0 && !isAllowed(host, allowPrivate)) {
      callback?.(refused(), new Socket());
      return undefined;
    }
    const socket = connect(options, callback);
    if (socket instanceof Socket) checkPeer(socket, allowPrivate);
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

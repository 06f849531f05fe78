/**
 * One port for HTTP/1.1 and HTTP/2.
 *
 * The protocols are served by Node's own servers, which never listen: they are given sockets by the door,
 * which has looked at the first bytes. Another protocol, TLS say, would be one more receiver of sockets.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import { type Clock, type Logger, type Meter, silentLogger, silentMeter, systemClock } from "@llmproxy/spec";
import { Connections } from "./connections.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Door } from "./door.ts";
import type { RequestHandler } from "./handler.ts";
import { Http1 } from "./http1.ts";
import { Http2OnDemand } from "./http2-on-demand.ts";
import { type ListenerLimits, resolveLimits } from "./limits.ts";
import { type DrainOptions, Shutdown } from "./shutdown.ts";

/** What a listener listens on and for whom. */
export interface ListenerOptions {
  /** Answers the requests that pass the checks. */
  readonly handler: RequestHandler;
  /** Name or IP address of this machine to listen on. */
  readonly host: string;
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Source of time; default the clock of this machine. */
  readonly clock?: Clock;
  /** Told what handlers throw, and at level debug what is refused; default silent. */
  readonly logger?: Logger;
  /** Counts connections and refusals; default silent. */
  readonly meter?: Meter;
  /** Where they differ from `defaultListenerLimits`. */
  readonly limits?: Partial<ListenerLimits>;
}

/** An open port. */
export interface Listener {
  /** Where it is reached, e.g. `http://127.0.0.1:8080` or `http://[::1]:8080`; no slash at the end. */
  readonly url: string;
  /** The IP address and the port that connections are accepted on. */
  readonly address: { readonly host: string; readonly port: number };
  /**
   * Ends service without breaking anything off: answers over HTTP/1.1 carry `connection: close` from now on;
   * after `delayMs` no connection is accepted any more, HTTP/2 clients are asked to go elsewhere (GOAWAY) and
   * idle connections are closed; what still runs after a further `timeoutMs` is destroyed. A second call
   * waits for the first.
   *
   * @returns how many requests were destroyed
   */
  drain(options: DrainOptions): Promise<{ readonly aborted: number }>;
  /** Destroys all connections at once, also while draining. Resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Opens a port.
 *
 * @throws `ProxyError` with code `conflict` when the port is in use, `permission_denied` when this user may not
 *   listen on it, `invalid_request` when host, port or a limit make no sense, `unavailable` for any other reason
 */
export async function createListener(options: ListenerOptions): Promise<Listener> {
  const limits = resolveLimits(options.limits ?? {});
  const { clock = systemClock, logger = silentLogger, meter = silentMeter } = options;
  const { connectionGauge, refusedConnections, refusedRequests } = instruments(meter);
  const onRefused = (reason: string): void => refusedConnections.add({ reason });

  const { handler } = options;
  const dispatcher = new Dispatcher({ handler, limits, logger, refused: refusedRequests });
  const http1 = new Http1({ dispatcher, clock, limits });
  const http2 = new Http2OnDemand({ dispatcher, clock, limits, logger, onRefused, random: Math.random });
  const connections = new Connections({ maxPerIp: limits.maxConnectionsPerIp, gauge: connectionGauge });
  const accept = { http1: http1.accept.bind(http1), http2: http2.accept.bind(http2) };
  const door = new Door({ connections, accept, clock, limits, logger, onRefused });
  const shutdown = new Shutdown({ clock, connections, dispatcher, door, http1, http2 });

  try {
    const address = await door.open({ host: options.host, port: options.port });
    return {
      url: `http://${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`,
      address,
      drain: shutdown.drain.bind(shutdown),
      close: shutdown.close.bind(shutdown),
    };
  } catch (error) {
    http1.close();
    throw error;
  }
}

function instruments(meter: Meter) {
  return {
    connectionGauge: meter.gauge({
      name: "llmproxy_listener_connections",
      help: "Open client connections by protocol.",
      labels: ["protocol"],
    }),
    refusedConnections: meter.counter({
      name: "llmproxy_listener_refused_connections_total",
      help: "Client connections that were turned away or closed by a limit.",
      labels: ["reason"],
    }),
    refusedRequests: meter.counter({
      name: "llmproxy_listener_refused_requests_total",
      help: "Requests that were refused before they reached a handler.",
      labels: ["status"],
    }),
  };
}

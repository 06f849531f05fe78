/**
 * A pool of checked connections to one origin.
 *
 * @module
 */

import { type Clock, ProxyError, systemClock } from "@llmproxy/spec";
import { parseBaseUrl } from "./base-url.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { createConnector, type Lookup } from "./connector.ts";
import { exchange, type UpstreamRequest } from "./exchange.ts";
import type { UpstreamResponse } from "./upstream-response.ts";
import { defaultTimeouts, type UpstreamTimeouts, Watchdogs } from "./watchdog.ts";

/** What a {@link createUpstreamClient} is made from. */
export interface UpstreamClientOptions {
  /** The provider's configured name, for messages. */
  readonly provider: string;
  /** Where requests go, with the path all of them share; `https:` unless `allowPrivate`. */
  readonly baseUrl: string;
  /** Whether `http:` and private addresses are allowed; false when absent. Metadata addresses never are. */
  readonly allowPrivate?: boolean | undefined;
  /** Time limits; the defaults of `providers[].timeout` where absent. */
  readonly timeouts?: Partial<UpstreamTimeouts> | undefined;
  /**
   * How many exchanges may run at a time, background ones not counted; more are refused at once. Unlimited
   * when absent.
   */
  readonly maxConnections?: number | undefined;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** How names are resolved; the operating system's way when absent. */
  readonly lookup?: Lookup | undefined;
  readonly clock?: Clock | undefined;
}

/** Sends requests to one origin; follows no redirect. */
export interface UpstreamClient {
  /**
   * Sends a request and waits for the head of the answer.
   *
   * @throws `upstream_failed` when the upstream cannot be reached or answers with what is not allowed: a
   *   redirect, a content encoding, invalid HTTP, headers over 64 KiB
   * @throws `upstream_cut` when it closes the connection before it answers
   * @throws `overloaded` when `maxConnections` exchanges are running
   * @throws `deadline_exceeded` when a time limit passed
   * @throws the signal's reason when it aborted
   */
  request(request: UpstreamRequest): Promise<UpstreamResponse>;
  /** Closes idle connections, and the others as their exchanges end. */
  close(): void;
}

/**
 * Makes a client of one origin.
 *
 * @throws `invalid_request` (field `base_url`) for a base URL that is not allowed
 */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { provider, allowPrivate = false, ca, lookup } = options;
  const baseUrl = parseBaseUrl(options.baseUrl, { allowPrivate });
  const connector = createConnector({ ...baseUrl, allowPrivate, ca, lookup });
  const pool = new ConnectionPool({ baseUrl, connector });
  const maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const clock = options.clock ?? systemClock;
  let running = 0;
  const onClose = (): void => {
    running -= 1;
  };
  const watchdogs = new Watchdogs({ clock, timeouts });
  const shared = { provider, basePath: baseUrl.path, pool, timeouts, watchdogs, clock };
  return {
    request(request) {
      if (request.background) return exchange(request, { ...shared, onClose: () => {} });
      if (running >= maxConnections)
        return Promise.reject(
          new ProxyError("overloaded", `provider "${provider}" already serves ${running} calls, its limit`),
        );
      running += 1;
      return exchange(request, { ...shared, onClose });
    },
    close: () => pool.close(),
  };
}

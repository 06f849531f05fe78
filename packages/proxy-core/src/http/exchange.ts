/**
 * One request to an upstream and its answer.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type CallPhase, type Clock, ProxyError } from "@llmproxy/spec";
import type { Dispatcher } from "undici";
import type { Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { UpstreamBody } from "./upstream-body.ts";
import { type ConnectionStage, connectionError, errorCode, timeoutError } from "./upstream-error.ts";
import { readHeaders, type UpstreamHeaders } from "./upstream-headers.ts";
import { AnsweredResponse, type UpstreamResponse } from "./upstream-response.ts";
import type { UpstreamTimeouts, Watchdog, Watchdogs } from "./watchdog.ts";

/** A request to an upstream. */
export interface UpstreamRequest {
  readonly method: "GET" | "POST";
  /** The endpoint below the base URL, with leading slash. */
  readonly path: string;
  /** Lower-case names. `host`, `content-length` and `accept-encoding` are added. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body in slices, sent in order; empty when there is none. */
  readonly body: readonly Uint8Array[];
  /** Aborting closes the connection at once, in every phase; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  /** Told `connecting`, then `headers` once the request is sent; again from the start when it is sent again. */
  readonly onPhase?: (phase: CallPhase) => void;
  /** Whether the process may end while this waits; false when absent. */
  readonly background?: boolean;
}

/** What an exchange needs beside the request. */
export interface ExchangeOptions {
  /** The provider's configured name, for messages. */
  readonly provider: string;
  /** The path before that of every request; empty at the root. */
  readonly basePath: string;
  readonly pool: ConnectionPool;
  readonly timeouts: UpstreamTimeouts;
  readonly watchdogs: Watchdogs;
  readonly clock: Clock;
  /** Called once, when the connection is no longer needed. */
  readonly onClose: () => void;
}

const staleCodes = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
/**
 * A pooled connection that its peer has closed fails at once or within a round trip. One that fails later may have
 * got the request to somebody who worked on it.
 */
const staleWithinMs = 100;

/**
 * Sends a request.
 *
 * @throws `upstream_failed` when the upstream cannot be reached or answers with what is not allowed: a redirect,
 *   a content encoding, invalid HTTP, headers over 64 KiB
 * @throws `upstream_cut` when it closes the connection before it answers
 * @throws `deadline_exceeded` when a time limit passed
 * @throws the signal's reason when it aborted
 */
export function exchange(request: UpstreamRequest, options: ExchangeOptions): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    new Exchange(request, options, resolve, reject).start();
  });
}

/** Sends a request and is told by undici what comes of it: one object for both, as there is one for each call. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: UpstreamRequest;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (error: ProxyError) => void;
  readonly #watchdog: Watchdog;
  readonly #onAbort = (): void => this.#fail(ProxyError.from(this.#request.signal.reason));
  #connection: Connection | undefined;
  #body: UpstreamBody | undefined;
  #stage: ConnectionStage = "connecting";
  #connectedMs = 0;
  #bytesReadBefore = 0;
  #isClosed = false;

  constructor(
    request: UpstreamRequest,
    options: ExchangeOptions,
    resolve: (response: UpstreamResponse) => void,
    reject: (error: ProxyError) => void,
  ) {
    this.#request = request;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#watchdog = options.watchdogs.start((limit) =>
      this.#fail(timeoutError(options.provider, limit, options.timeouts)),
    );
  }

  start(): void {
    const { signal } = this.#request;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    else this.#send(this.#options.pool.take());
  }

  onRequestStart(): void {
    const connection = this.#connection;
    if (this.#isClosed || !connection) return;
    connection.holdProcess(!this.#request.background);
    this.#stage = "connected";
    this.#bytesReadBefore = connection.bytesRead;
    this.#connectedMs = this.#options.clock.monotonic();
    this.#watchdog.watch("firstByteMs");
  }

  onRequestSent(): void {
    const { onPhase } = this.#request;
    if (onPhase) this.#connection?.onSent(() => this.#isClosed || this.#body || onPhase("headers"));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    received: Parameters<typeof readHeaders>[0],
  ): void {
    if (this.#isClosed || status < 200) return;
    const headers = readHeaders(received);
    const { provider } = this.#options;
    const refusal = refuse(provider, status, headers);
    if (refusal) {
      this.#fail(refusal);
      return;
    }
    const watchdog = this.#watchdog;
    this.#body = new UpstreamBody({ provider, controller, watchdog, onClose: () => this.#close() });
    this.#resolve(new AnsweredResponse(status, headers, this.#body, (error) => this.#destroy(error)));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.take(chunk);
  }

  onResponseEnd(): void {
    if (!this.#isClosed) this.#body?.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: Error): void {
    if (this.#isClosed) return;
    if (this.#body) {
      this.#body.break(cause);
      return;
    }
    if (this.#isStale(cause)) {
      // Where one pooled connection is dead the others probably are too, and a fresh one is wanted.
      this.#options.pool.closeIdle();
      this.#send(this.#options.pool.open());
      return;
    }
    this.#fail(connectionError(this.#options.provider, this.#stage, cause));
  }

  #send(connection: Connection | Promise<Connection>): void {
    this.#stage = "connecting";
    this.#watchdog.watch("connectMs");
    this.#request.onPhase?.("connecting");
    if (!(connection instanceof Promise)) this.#dispatch(connection);
    else
      connection.then(
        (loaded) => this.#dispatch(loaded),
        (cause) => this.#fail(ProxyError.from(cause)),
      );
  }

  #dispatch(connection: Connection): void {
    if (this.#isClosed) return;
    const { method, path, headers, body, background } = this.#request;
    this.#connection = connection;
    try {
      connection.dispatch(
        {
          method,
          path: this.#options.basePath + path,
          headers: headerList(headers),
          body: joined(body),
        },
        this,
      );
    } catch (cause) {
      this.#fail(ProxyError.from(cause));
    }
    connection.holdProcess(!background);
  }

  #destroy(error?: ProxyError): void {
    this.#body?.discard();
    if (this.#isClosed) return;
    this.#connection?.destroy();
    if (error) this.#body?.fail(error);
    else this.#body?.end();
  }

  /**
   * Whether the request met a pooled connection that its peer was just closing: the one case in which a request
   * that is not idempotent is sent again. Either it was noticed before the request was sent, or it is likely, not
   * certain, that nobody has begun to work on it: not a byte of an answer has come, and the connection failed within
   * {@link staleWithinMs}. It happens once: the second time the connection is fresh.
   */
  #isStale(cause: unknown): boolean {
    const connection = this.#connection;
    if (!connection?.isReused) return false;
    if (this.#stage === "connecting") return true;
    return (
      staleCodes.has(errorCode(cause)) &&
      connection.bytesRead === this.#bytesReadBefore &&
      this.#options.clock.monotonic() - this.#connectedMs < staleWithinMs
    );
  }

  #fail(error: ProxyError): void {
    if (this.#isClosed) return;
    this.#connection?.destroy();
    if (this.#body) {
      this.#body.discard();
      this.#body.fail(error);
      return;
    }
    this.#close();
    this.#reject(error);
  }

  #close(): void {
    const connection = this.#connection;
    this.#isClosed = true;
    this.#watchdog.stop();
    this.#request.signal.removeEventListener("abort", this.#onAbort);
    // An upstream may answer before it has read the whole request; such a connection is of no further use.
    if (connection?.hasUnsent) connection.destroy();
    else if (connection && this.#body?.complete) this.#options.pool.give(connection);
    this.#options.onClose();
  }
}

/** undici's other form of headers; to make it is cheaper than to copy the object. */
function headerList(headers: Readonly<Record<string, string>>): string[] {
  const list = ["accept-encoding", "identity"];
  for (const name in headers) if (Object.hasOwn(headers, name)) list.push(name, headers[name] ?? "");
  return list;
}

/** undici takes one buffer. The copy of what is more than one is cheaper than to send two. */
function joined(slices: readonly Uint8Array[]): Uint8Array | null {
  const [first = null] = slices;
  return slices.length < 2 ? first : Buffer.concat(slices);
}

/** Why an answer is not accepted; undefined when it is. */
function refuse(provider: string, status: number, headers: UpstreamHeaders): ProxyError | undefined {
  if (status >= 300 && status < 400)
    return new ProxyError(
      "upstream_failed",
      `provider "${provider}" answered with a redirect, which is not followed; check its base_url`,
    );
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    return new ProxyError(
      "upstream_failed",
      `provider "${provider}" answered with a content encoding that was not asked for`,
    );
  return undefined;
}

/**
 * One request to an upstream and its answer.
 *
 * @module
 */

import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type CallPhase, type Clock, ProxyError } from "@llmproxy/spec";
import type { BaseUrl } from "./base-url.ts";
import { closeIdleSockets } from "./connector.ts";
import { UpstreamBody } from "./upstream-body.ts";
import { type ConnectionStage, connectionError, errorCode, timeoutError } from "./upstream-error.ts";
import { AnsweredResponse, type UpstreamResponse } from "./upstream-response.ts";
import { createWatchdog, type UpstreamTimeouts, type Watchdog } from "./watchdog.ts";

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
  readonly baseUrl: BaseUrl;
  readonly agent: Agent;
  readonly timeouts: UpstreamTimeouts;
  readonly clock: Clock;
  /** Called once, when the connection is no longer needed. */
  readonly onClose: () => void;
}

const maxHeaderBytes = 65_536;
const staleCodes = new Set(["ECONNRESET", "EPIPE"]);
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

class Exchange {
  readonly #request: UpstreamRequest;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (error: ProxyError) => void;
  readonly #watchdog: Watchdog;
  readonly #onAbort = (): void => this.#fail(ProxyError.from(this.#request.signal.reason));
  #outgoing: ClientRequest | undefined;
  #body: UpstreamBody | undefined;
  #stage: ConnectionStage = "connecting";
  #connectedMs = 0;
  #bytesReadBefore = 0;
  #closed = false;

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
    this.#watchdog = createWatchdog({
      clock: options.clock,
      timeouts: options.timeouts,
      onExpire: (limit) => this.#fail(timeoutError(options.provider, limit, options.timeouts)),
    });
  }

  start(): void {
    const { signal } = this.#request;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) {
      this.#onAbort();
      return;
    }
    try {
      this.#send();
    } catch (cause) {
      this.#fail(ProxyError.from(cause));
    }
  }

  #send(): void {
    const { method, path, headers, body } = this.#request;
    const { agent, baseUrl } = this.#options;
    this.#stage = "connecting";
    this.#watchdog.watch("connectMs");
    this.#request.onPhase?.("connecting");
    const outgoing = httpRequest({
      agent,
      protocol: baseUrl.protocol,
      host: baseUrl.host,
      port: baseUrl.port,
      method,
      path: baseUrl.path + path,
      headers: { ...headers, "accept-encoding": "identity", ...lengthOf(method, body) },
      maxHeaderSize: maxHeaderBytes,
    });
    this.#outgoing = outgoing;
    outgoing.on("socket", (socket: Socket) => this.#onSocket(outgoing, socket));
    outgoing.on("finish", () => this.#onSent(outgoing));
    outgoing.on("response", (message) => this.#onResponse(message));
    outgoing.on("error", (cause) => this.#onError(outgoing, cause));
    // An answer that switches protocols closes the connection without an error.
    outgoing.on("close", () => this.#onError(outgoing, undefined));
    for (const slice of body) outgoing.write(slice);
    outgoing.end();
  }

  #onSocket(outgoing: ClientRequest, socket: Socket): void {
    // Only now can a request be destroyed together with its connection; before, Node would keep that.
    if (this.#closed) {
      outgoing.destroy();
      return;
    }
    if (this.#request.background) socket.unref();
    if (outgoing.reusedSocket) this.#onConnect(socket);
    else {
      const event = this.#options.baseUrl.protocol === "https:" ? "secureConnect" : "connect";
      socket.once(event, () => this.#onConnect(socket));
    }
  }

  #onConnect(socket: Socket): void {
    if (this.#closed) return;
    this.#stage = "connected";
    this.#bytesReadBefore = socket.bytesRead;
    this.#connectedMs = this.#options.clock.monotonic();
    this.#watchdog.watch("firstByteMs");
  }

  #onSent(outgoing: ClientRequest): void {
    if (!this.#closed && !this.#body && outgoing === this.#outgoing) this.#request.onPhase?.("headers");
  }

  #onResponse(message: IncomingMessage): void {
    // Without a listener an error of a message nobody wants would end the process.
    message.on("error", () => {});
    if (this.#closed) return;
    const refusal = refuse(this.#options.provider, message);
    if (refusal) {
      this.#fail(refusal);
      return;
    }
    this.#body = new UpstreamBody({
      provider: this.#options.provider,
      message,
      watchdog: this.#watchdog,
      onClose: () => this.#close(),
    });
    this.#resolve(new AnsweredResponse(message, this.#body, (error) => this.#destroy(error)));
  }

  #destroy(error?: ProxyError): void {
    this.#body?.discard();
    if (this.#closed) return;
    this.#outgoing?.destroy();
    if (error) this.#body?.fail(error);
    else this.#body?.end();
  }

  #onError(outgoing: ClientRequest, cause: unknown): void {
    if (this.#closed || this.#body || outgoing !== this.#outgoing) return;
    if (this.#isStale(outgoing, cause)) {
      // Where one pooled connection is dead the others probably are too, and a fresh one is wanted.
      closeIdleSockets(this.#options.agent);
      this.#send();
      return;
    }
    this.#fail(connectionError(this.#options.provider, this.#stage, cause));
  }

  /**
   * Whether the request met a pooled connection that its peer was just closing: the one case in which a request
   * that is not idempotent is sent again. That nobody has begun to work on it is not certain, only likely: not a
   * byte of an answer has come, and the connection failed within {@link staleWithinMs}. It happens once: the second
   * time the connection is fresh.
   */
  #isStale(outgoing: ClientRequest, cause: unknown): boolean {
    return (
      outgoing.reusedSocket &&
      staleCodes.has(errorCode(cause)) &&
      (outgoing.socket?.bytesRead ?? 0) === this.#bytesReadBefore &&
      this.#options.clock.monotonic() - this.#connectedMs < staleWithinMs
    );
  }

  #fail(error: ProxyError): void {
    if (this.#closed) return;
    if (this.#body) {
      this.#outgoing?.destroy();
      this.#body.discard();
      this.#body.fail(error);
      return;
    }
    this.#close();
    if (this.#outgoing?.socket) this.#outgoing.destroy();
    this.#reject(error);
  }

  #close(): void {
    this.#closed = true;
    this.#watchdog.stop();
    this.#request.signal.removeEventListener("abort", this.#onAbort);
    // An upstream may answer before it has read the whole request; such a connection is of no further use.
    if (this.#outgoing && !this.#outgoing.writableFinished && this.#outgoing.socket) this.#outgoing.destroy();
    this.#options.onClose();
  }
}

function lengthOf(method: string, body: readonly Uint8Array[]): { readonly "content-length"?: string } {
  if (method === "GET") return {};
  let length = 0;
  for (const slice of body) length += slice.length;
  return { "content-length": String(length) };
}

/** Why an answer is not accepted; undefined when it is. */
function refuse(provider: string, { statusCode = 0, headers }: IncomingMessage): ProxyError | undefined {
  if (statusCode >= 300 && statusCode < 400)
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

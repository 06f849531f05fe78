/**
 * One RPC from its headers to its end.
 *
 * @module
 */

import { ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { type Principal, ProxyError } from "@llmproxy/spec";
import type { RegisteredRpc } from "../registry.ts";
import { requestIdOf } from "../request-id.ts";
import type { RpcContext } from "../rpc-context.ts";
import { blameClient, connectError } from "./connect-error.ts";
import type { RpcObserver } from "./observer.ts";
import { rpcSignal } from "./signal.ts";

/** How whoever knows the client's address tells the driver. */
export const clientAddressKey = createContextKey<string | undefined>(undefined);

/** How the gate hands a run to the handler. */
export const runKey = createContextKey<RpcRun | undefined>(undefined);

/** Who is asking where nobody asks who. */
const nobody: Principal = Object.freeze({ kind: "anonymous", id: "anonymous", roles: Object.freeze([]) });

/** What a run needs beside its RPC. */
export interface RpcRunOptions {
  readonly observe: RpcObserver;
  readonly shutdownSignal: AbortSignal | undefined;
  /** `Clock.now` and `Clock.monotonic` at its start. */
  readonly startedAtMs: number;
  readonly startedMs: number;
}

/** One RPC from its headers to its end. It is observed exactly once, however it ends. */
export class RpcRun {
  readonly registered: RegisteredRpc;
  /** What handlers are told; `admit` fills in who is asking. */
  context: RpcContext;
  readonly #options: RpcRunOptions;
  readonly #handlerContext: HandlerContext;
  readonly #atEnd: (() => void)[] = [];
  #principalId: string | undefined;
  #isCall = false;
  #code: string | undefined;
  #error: ProxyError | undefined;
  #hasEnded = false;

  constructor(registered: RegisteredRpc, handlerContext: HandlerContext, options: RpcRunOptions) {
    this.registered = registered;
    this.#options = options;
    this.#handlerContext = handlerContext;
    this.context = contextOf(registered, handlerContext, options);
    this.context.responseHeaders.set("x-request-id", this.context.requestId);
    // Connect aborts the signal at every end, also where neither gate nor handler come to hear of it.
    handlerContext.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** Lets the handler know who is asking. */
  admit(identity: Partial<Pick<RpcContext, "principal" | "credentials">>): void {
    this.context = { ...this.context, ...identity };
    this.#principalId = identity.principal?.id ?? this.#principalId;
  }

  /**
   * Hands the RPC to whoever answers or refuses it; a call to a model is from now on accounted for by the core.
   *
   * @throws the signal's reason when nobody waits for an answer any more
   */
  handOver(): RpcContext {
    this.context.signal.throwIfAborted();
    this.#isCall = this.registered.rpc.access.kind === "call";
    return this.context;
  }

  /** Calls `listener` when the RPC has ended; at once when it already has. */
  onEnd(listener: () => void): void {
    if (this.#hasEnded) listener();
    else this.#atEnd.push(listener);
  }

  /** Takes note that the RPC has been answered. */
  succeed(): void {
    this.#settle("", undefined);
  }

  /** Takes note of a failure and turns it into what is sent. What is no `ProxyError` is hidden and logged. */
  fail(reason: unknown): ConnectError {
    if (reason instanceof ConnectError) {
      blameClient(reason);
      this.#settle(codeToString(reason.code), undefined);
      return reason;
    }
    // The pipeline throws nothing else, so it does not know of this one.
    if (!ProxyError.is(reason)) this.#isCall = false;
    const error = ProxyError.from(reason);
    this.#settle(error.code, error);
    return connectError(error);
  }

  #settle(code: string, error: ProxyError | undefined): void {
    this.#code ??= code;
    this.#error ??= error;
    if (this.#handlerContext.signal.aborted) this.#end();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { requestId, clientAddress } = this.context;
    this.#options.observe({
      registered: this.registered,
      requestId,
      principalId: this.#principalId,
      clientAddress,
      startedMs: this.#options.startedMs,
      code: this.#code ?? this.#abortCode(),
      error: this.#error,
      isCall: this.#isCall,
    });
    for (const listener of this.#atEnd) listener();
  }

  /** The end came from outside the handler: the client, its deadline, the server, or a message that cannot be read. */
  #abortCode(): string {
    const { reason } = this.#handlerContext.signal;
    if (!(reason instanceof ConnectError)) return ProxyError.from(this.context.signal.reason).code;
    blameClient(reason);
    return codeToString(reason.code);
  }
}

function contextOf(
  { path }: RegisteredRpc,
  { requestHeader, responseHeader, responseTrailer, signal, timeoutMs, values }: HandlerContext,
  { shutdownSignal, startedAtMs }: RpcRunOptions,
): RpcContext {
  const clientAddress = values.get(clientAddressKey);
  const traceparent = requestHeader.get("traceparent");
  const remainingMs = timeoutMs();
  return {
    requestId: requestIdOf(requestHeader.get("x-request-id")),
    endpoint: path,
    credentials: { kind: "none" },
    principal: nobody,
    ...(clientAddress !== undefined && { clientAddress }),
    ...(traceparent !== null && { traceparent }),
    signal: rpcSignal(signal, shutdownSignal),
    ...(remainingMs !== undefined && { deadline: new Date(startedAtMs + remainingMs) }),
    headers: requestHeader,
    responseHeaders: responseHeader,
    responseTrailers: responseTrailer,
  };
}

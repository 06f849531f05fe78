/**
 * One RPC from its headers to its end, whichever driver it came in by.
 *
 * @module
 */

import { type Principal, ProxyError } from "@llmproxy/spec";
import type { RegisteredRpc } from "../registry.ts";
import type { RpcContext } from "../rpc-context.ts";
import type { RpcObserver } from "./observer.ts";

/** Who is asking where nobody asks who. */
export const nobody: Principal = Object.freeze({
  kind: "anonymous",
  id: "anonymous",
  roles: Object.freeze([]),
});

/** What a run needs beside its RPC. */
export interface RpcRunOptions {
  readonly observe: RpcObserver;
  /** `Clock.monotonic` at its start. */
  readonly startedMs: number;
}

/** One RPC from its headers to its end. It is observed exactly once, when its driver calls `end`. */
export class RpcRun {
  readonly registered: RegisteredRpc;
  /** What handlers are told; `admit` fills in who is asking. */
  context: RpcContext;
  readonly #options: RpcRunOptions;
  readonly #atEnd: (() => void)[] = [];
  #principalId: string | undefined;
  #isCall = false;
  #code: string | undefined;
  #error: ProxyError | undefined;
  #hasEnded = false;

  constructor(registered: RegisteredRpc, context: RpcContext, options: RpcRunOptions) {
    this.registered = registered;
    this.context = context;
    this.#options = options;
    context.responseHeaders.set("x-request-id", context.requestId);
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
    this.#code ??= "";
  }

  /** Takes note of a failure, of which the first counts. What is no `ProxyError` is hidden and logged. */
  fail(reason: unknown): ProxyError {
    // The pipeline throws nothing else, so it does not know of this one.
    if (!ProxyError.is(reason)) this.#isCall = false;
    const error = ProxyError.from(reason);
    this.#code ??= error.code;
    this.#error ??= error;
    return error;
  }

  /** Takes note of a failure that only the protocol has a name for. */
  breakProtocol(code: string): void {
    this.#code ??= code;
  }

  /**
   * Ends the RPC; once.
   *
   * @param codeOf - tells how, where neither `succeed` nor a failure has been noted; the signal does when absent
   */
  end(codeOf = (): string => ProxyError.from(this.context.signal.reason).code): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { requestId, clientAddress } = this.context;
    this.#options.observe({
      registered: this.registered,
      requestId,
      principalId: this.#principalId,
      clientAddress,
      startedMs: this.#options.startedMs,
      code: this.#code ?? codeOf(),
      error: this.#error,
      isCall: this.#isCall,
    });
    for (const listener of this.#atEnd) listener();
  }
}

/**
 * One RPC that came in by Connect: its context made from Connect's, its failures as Connect sends them.
 *
 * @module
 */

import { ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ProxyError } from "@llmproxy/spec";
import type { RegisteredRpc } from "../registry.ts";
import { requestIdOf } from "../request-id.ts";
import type { RpcContext } from "../rpc-context.ts";
import { blameClient, connectError } from "./connect-error.ts";
import { nobody, RpcRun, type RpcRunOptions } from "./rpc-run.ts";
import { rpcSignal } from "./signal.ts";

/** How whoever knows the client's address tells the driver. */
export const clientAddressKey = createContextKey<string | undefined>(undefined);

/** How the gate hands a run to the handler. */
export const runKey = createContextKey<ConnectRun | undefined>(undefined);

/** What a run needs beside its RPC. */
export interface ConnectRunOptions extends RpcRunOptions {
  readonly shutdownSignal: AbortSignal | undefined;
  /** `Clock.now` at its start. */
  readonly startedAtMs: number;
}

/** One RPC that came in by Connect. */
export class ConnectRun {
  readonly run: RpcRun;

  constructor(registered: RegisteredRpc, handlerContext: HandlerContext, options: ConnectRunOptions) {
    const context = contextOf(registered, handlerContext, options);
    const run = new RpcRun(registered, context, options);
    this.run = run;
    // Connect aborts the signal at every end, also where neither gate nor handler come to hear of it.
    const { signal } = handlerContext;
    const onAbort = (): void => run.end(() => abortCode(signal.reason, context.signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }

  /** As of {@link RpcRun}. */
  handOver(): RpcContext {
    return this.run.handOver();
  }

  /** As of {@link RpcRun}. */
  succeed(): void {
    this.run.succeed();
  }

  /** Takes note of a failure and turns it into what is sent. */
  fail(reason: unknown): ConnectError {
    if (!(reason instanceof ConnectError)) return connectError(this.run.fail(reason));
    blameClient(reason);
    this.run.breakProtocol(codeToString(reason.code));
    return reason;
  }
}

/** The end came from outside the handler: the client, its deadline, the server, or a message that cannot be read. */
function abortCode(reason: unknown, signal: AbortSignal): string {
  if (!(reason instanceof ConnectError)) return ProxyError.from(signal.reason).code;
  blameClient(reason);
  return codeToString(reason.code);
}

function contextOf(
  { path }: RegisteredRpc,
  { requestHeader, responseHeader, responseTrailer, signal, timeoutMs, values }: HandlerContext,
  { shutdownSignal, startedAtMs }: ConnectRunOptions,
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

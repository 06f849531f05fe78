/**
 * The context of an RPC that came in by REST.
 *
 * @module
 */

import { nobody, type RpcContext, requestIdOf } from "@llmproxy/services";
import { ProxyError } from "@llmproxy/spec";
import { type HttpRequest, type HttpResponse, headerOf } from "../http/exchange.ts";

/** Where a context gets what is not in the request. */
export interface RestContextOptions {
  readonly clientAddress: (request: HttpRequest) => string | undefined;
  /** Ends the RPC with `unavailable` when it aborts. */
  readonly shutdownSignal?: AbortSignal;
}

/** A context and what belongs to it. */
export interface RestContext {
  readonly context: RpcContext;
  /** What the handler wants sent behind the answer. */
  readonly trailers: Record<string, string>;
  /** Lets go of the shutdown signal, which outlives the RPC. */
  release(): void;
}

/** Makes a context; `credentials` and `principal` are filled in by the gate. */
export function createRestContext(
  endpoint: string,
  request: HttpRequest,
  response: HttpResponse,
  options: RestContextOptions,
): RestContext {
  const { headers } = request;
  const { signal, release } = createSignal(response, options.shutdownSignal);
  const trailers: Record<string, string> = {};
  const clientAddress = options.clientAddress(request);
  const traceparent = headerOf(headers, "traceparent");
  const context: RpcContext = {
    requestId: requestIdOf(headerOf(headers, "x-request-id") ?? null),
    endpoint,
    credentials: { kind: "none" },
    principal: nobody,
    ...(clientAddress !== undefined && { clientAddress }),
    ...(traceparent !== undefined && { traceparent }),
    signal,
    headers: { get: (name) => headerOf(headers, name.toLowerCase()) ?? null },
    responseHeaders: {
      set(name, value) {
        // A keep-alive may have begun the stream before its first message; headers come too late then.
        if (!response.headersSent) response.setHeader(name, value);
      },
    },
    responseTrailers: {
      set(name, value) {
        trailers[name] = value;
      },
    },
  };
  return { context, trailers, release };
}

/** Aborts when the client leaves before it has been answered, or the server stops. */
function createSignal(
  response: HttpResponse,
  shutdownSignal: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableEnded)
      controller.abort(new ProxyError("canceled", "the client closed the connection"));
  });
  const onShutdown = (): void =>
    controller.abort(new ProxyError("unavailable", "the server is shutting down"));
  if (shutdownSignal?.aborted) onShutdown();
  else shutdownSignal?.addEventListener("abort", onShutdown, { once: true });
  return {
    signal: controller.signal,
    release: () => shutdownSignal?.removeEventListener("abort", onShutdown),
  };
}

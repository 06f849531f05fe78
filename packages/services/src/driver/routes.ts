/**
 * The Connect driver: serves the registry by gRPC, gRPC-Web and Connect.
 *
 * The gate runs on the headers, the handler on the message; what either throws leaves as a status.
 *
 * @module
 */

import type { Message } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { silentLogger, silentMeter, systemClock } from "@llmproxy/spec";
import type { RegisteredRpc } from "../registry.ts";
import type { RpcOutput, UnaryRpc } from "../rpc.ts";
import { ConnectRun, runKey } from "./connect-run.ts";
import { passGate } from "./gate.ts";
import { observeStream } from "./observe-stream.ts";
import { createRpcObserver } from "./observer.ts";
import { defaultLimits, type RpcLimits, type RpcRoutesOptions } from "./options.ts";
import { untilAbort } from "./signal.ts";

/** What Connect takes for one route. */
type RouteOptions = NonNullable<Parameters<ConnectRouter["rpc"]>[2]>;

/** Makes the function that adds the registry's RPCs to a router, for adapters and `createRouterTransport`. */
export function createRpcRoutes(options: RpcRoutesOptions): (router: ConnectRouter) => void {
  const { clock = systemClock, logger = silentLogger, meter = silentMeter, shutdownSignal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const observe = createRpcObserver(clock, logger, meter);
  const requestGate = (registered: RegisteredRpc) => async (context: HandlerContext) => {
    const started = { startedAtMs: clock.now(), startedMs: clock.monotonic() };
    const run = new ConnectRun(registered, context, { observe, shutdownSignal, ...started });
    context.values.set(runKey, run);
    try {
      await passGate(run.run, Object.fromEntries(context.requestHeader), options);
    } catch (reason) {
      throw run.fail(reason);
    }
  };
  return (router) => {
    for (const registered of options.registry.rpcs)
      addRoute(router, registered, {
        requestGate: requestGate(registered),
        readMaxBytes: maxBytes(registered, limits),
        maxTimeoutMs: limits.maxTimeoutMs,
        ...(shutdownSignal && { shutdownSignal }),
      });
  };
}

function addRoute(router: ConnectRouter, { rpc }: RegisteredRpc, options: RouteOptions): void {
  switch (rpc.kind) {
    case "unary":
      router.rpc(rpc.method, (message, context) => answer(rpc, message, runOf(context)), options);
      break;
    case "server-stream":
      router.rpc(
        rpc.method,
        (message, context) => observeStream(runOf(context), (rpcContext) => rpc.handle(message, rpcContext)),
        options,
      );
      break;
    case "bidi-stream":
      router.rpc(
        rpc.method,
        (messages, context) =>
          observeStream(runOf(context), (rpcContext) => rpc.handle(messages, rpcContext)),
        options,
      );
      break;
  }
}

/** The client is answered when its deadline passes, whatever the handler waits for. */
async function answer(rpc: UnaryRpc, message: Message, run: ConnectRun): Promise<RpcOutput> {
  try {
    const context = run.handOver();
    const output = await untilAbort(rpc.handle(message, context), context.signal);
    run.succeed();
    return output;
  } catch (reason) {
    throw run.fail(reason);
  }
}

function runOf(context: HandlerContext): ConnectRun {
  const run = context.values.get(runKey);
  if (!run) throw new TypeError(`${context.method.name} was called without passing the gate`);
  return run;
}

function maxBytes({ rpc }: RegisteredRpc, { maxCallBytes, maxOperationBytes }: RpcLimits): number {
  return rpc.access.kind === "call" ? maxCallBytes : maxOperationBytes;
}

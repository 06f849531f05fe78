/**
 * The whole API, answered by nobody.
 *
 * @module
 */

import type { DescMethod, Message } from "@bufbuild/protobuf";
import { createServices, type RegisteredRpc, type Rpc, type RpcRegistry } from "@llmproxy/services";

/** Whatever is asked of it; services only keep what they are given until they are called. */
const anything: never = new Proxy(() => anything, { get: () => anything, apply: () => anything }) as never;

/** The registry of every service. */
export function everyRpc(): RpcRegistry {
  return createServices({ core: anything, health: anything });
}

/** The same, where each RPC hands its message to `take` and answers with nothing in it. */
export function takingRegistry(take: (method: DescMethod, message: Message) => void): RpcRegistry {
  const registry = everyRpc();
  return { ...registry, rpcs: registry.rpcs.map((registered) => taking(registered, take)) };
}

function taking(
  registered: RegisteredRpc,
  take: (method: DescMethod, message: Message) => void,
): RegisteredRpc {
  return { path: registered.path, rpc: takingRpc(registered.rpc, take) };
}

function takingRpc(rpc: Rpc, take: (method: DescMethod, message: Message) => void): Rpc {
  const access = { kind: "public" } as const;
  switch (rpc.kind) {
    case "unary":
      return {
        ...rpc,
        access,
        async handle(message: Message) {
          take(rpc.method, message);
          return {};
        },
      };
    case "server-stream":
      return {
        ...rpc,
        access,
        async *handle(message: Message) {
          take(rpc.method, message);
          yield {};
        },
      };
    case "bidi-stream":
      return rpc;
  }
}

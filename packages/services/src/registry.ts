/**
 * Every RPC this server answers. Drivers read it; what is not in it does not exist.
 *
 * @module
 */

import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { permissionOption } from "@llmproxy/proto";
import type { Permission } from "@llmproxy/spec";
import type { Rpc } from "./rpc.ts";

/** An RPC with what its proto declares. */
export interface RegisteredRpc {
  readonly rpc: Rpc;
  /** `/<service>/<method>`. */
  readonly path: string;
  /** What the caller must be allowed to do; absent for RPCs that need no permission. */
  readonly permission?: Permission;
}

/** Every RPC this server answers. */
export interface RpcRegistry {
  readonly rpcs: readonly RegisteredRpc[];
  /** The services they belong to, in the order of their first RPC. */
  readonly services: readonly DescService[];
}

/** Complete by its type: a permission that is added to the vocabulary must be added here. */
const permissions: Readonly<Record<Permission, true>> = {
  "completion:create": true,
  "model:read": true,
  "server:read": true,
  "metrics:read": true,
  "project:read": true,
  "project:write": true,
  "key:read": true,
  "key:write": true,
  "config:read": true,
  "config:write": true,
  "jwt:issue": true,
};

/**
 * Makes a registry, or refuses to: a server must not start with an RPC whose permission nobody can tell.
 *
 * @throws TypeError when an RPC is registered twice, declares no permission or one that is not known, or declares
 *   one although it is answered without
 */
export function createRpcRegistry(rpcs: readonly Rpc[]): RpcRegistry {
  const registered = rpcs.map(register);
  const paths = new Set<string>();
  for (const { path } of registered) {
    if (paths.has(path)) throw new TypeError(`${path} is registered twice`);
    paths.add(path);
  }
  return { rpcs: registered, services: [...new Set(rpcs.map((rpc) => rpc.method.parent))] };
}

function register(rpc: Rpc): RegisteredRpc {
  const path = pathOf(rpc.method);
  const declared = hasOption(rpc.method, permissionOption)
    ? getOption(rpc.method, permissionOption)
    : undefined;
  if (rpc.access.kind === "public" || rpc.access.kind === "credential") {
    if (declared !== undefined)
      throw new TypeError(`${path} declares the permission ${declared} but is registered without one`);
    return { rpc, path };
  }
  if (declared === undefined) throw new TypeError(`${path} declares no permission`);
  if (!isPermission(declared))
    throw new TypeError(`${path} declares the permission ${JSON.stringify(declared)}, which is not known`);
  return { rpc, path, permission: declared };
}

function isPermission(value: string): value is Permission {
  return Object.hasOwn(permissions, value);
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/**
 * What the Connect driver works with.
 *
 * @module
 */

import type {
  Authenticator,
  Clock,
  Credentials,
  Logger,
  Meter,
  Permission,
  Principal,
  ProxyError,
} from "@llmproxy/spec";
import type { RpcRegistry } from "../registry.ts";

/** Keeps the process alive; the core's pipeline has the same for calls to models. */
export interface RpcShield {
  /** Lets an RPC in or refuses it, before anything of it is looked at. */
  enter(
    address: string | undefined,
  ): { readonly admitted: true; leave(): void } | { readonly admitted: false; readonly error: ProxyError };
  /** Counts a failed login. */
  recordRefusal(address: string | undefined): void;
}

/** How much a client may ask for. */
export interface RpcLimits {
  /** The largest message of a call to a model, in bytes, also after decompression; 32 MiB when absent. */
  readonly maxCallBytes: number;
  /** The largest message of every other RPC, in bytes, also after decompression; 1 MiB when absent. */
  readonly maxOperationBytes: number;
  /** The longest deadline in milliseconds; what a client asks beyond counts as this. 600 s when absent. */
  readonly maxTimeoutMs: number;
}

/** What the Connect driver works with. */
export interface RpcRoutesOptions {
  readonly registry: RpcRegistry;
  readonly authenticator: Authenticator;
  /** Lets through who has a permission. @throws `permission_denied` */
  readonly authorize: (principal: Principal, permission: Permission) => void;
  /** Finds the credentials in the metadata: names in lower case. @throws `ProxyError` for what cannot be read */
  readonly readCredentials: (headers: Readonly<Record<string, string>>) => Credentials;
  /** Protects every RPC that is not public; nothing does when absent. */
  readonly shield?: RpcShield;
  readonly limits?: Partial<RpcLimits>;
  /** Ends every RPC in flight with UNAVAILABLE when it aborts. */
  readonly shutdownSignal?: AbortSignal;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly meter?: Meter;
}

const mebibyte = 1_048_576;

/** What holds where nothing else is said. */
export const defaultLimits: RpcLimits = {
  maxCallBytes: 32 * mebibyte,
  maxOperationBytes: mebibyte,
  maxTimeoutMs: 600_000,
};

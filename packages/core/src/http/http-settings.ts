/**
 * How the endpoints behave towards HTTP clients, complete with defaults.
 *
 * @module
 */

import type { HttpOptions } from "../options.ts";
import { type ClientAddress, clientAddressOf } from "./client-address.ts";
import type { CorsPolicy } from "./cors.ts";

/** {@link HttpOptions} with nothing left open. */
export interface HttpSettings {
  readonly maxBodyBytes: number;
  readonly stallMs: number;
  readonly clientAddress: ClientAddress;
  readonly cors: CorsPolicy;
}

const mebibyte = 1_048_576;
const day = 86_400_000;

/** @throws `invalid_request` (field `server.trusted_proxies[i]`) for what is no address */
export function httpSettings(options: HttpOptions = {}): HttpSettings {
  return {
    maxBodyBytes: options.maxBodyBytes ?? 32 * mebibyte,
    stallMs: options.stallMs ?? 30_000,
    clientAddress: clientAddressOf(options.trustedProxies ?? []),
    cors: options.cors ?? { origins: [], maxAgeMs: day },
  };
}

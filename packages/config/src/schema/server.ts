/**
 * `server`: where the server listens and how it stops.
 *
 * @module
 */

import { isIP } from "node:net";
import {
  array,
  type output,
  prefault,
  refine,
  strictObject,
  string,
  _default as withDefault,
} from "zod/mini";
import { durationMs, sizeBytes } from "../units.ts";
import { aList, aMap, duration, expected, jsonForms, size, wholeNumber } from "./fields.ts";

/** Which web pages may call the server. */
export interface CorsConfig {
  /** Origins as browsers send them (`https://app.example.com`), or `*` for every page. Default none. */
  readonly origins: readonly string[];
  /** How long a browser may keep the answer to a preflight, in milliseconds. Default 86,400,000. */
  readonly maxAgeMs: number;
}

/** Where the server listens and how it stops. */
export interface ServerConfig {
  /** The address or host name to listen on. Default `127.0.0.1`. */
  readonly host: string;
  /** The port to listen on; 0 picks a free one. Default 8080. */
  readonly port: number;
  /** The longest request body, in bytes. Default 32 MiB. */
  readonly maxBodyBytes: number;
  /** How long a stopping server goes on accepting after it turned not ready, in milliseconds. Default 0. */
  readonly drainDelayMs: number;
  /** How long a stopping server waits for calls in flight, in milliseconds. Default 25,000. */
  readonly drainTimeoutMs: number;
  /** Addresses and CIDR blocks of proxies whose forwarding headers are believed. Default none. */
  readonly trustedProxies: readonly string[];
  /** Which web pages may call the server. */
  readonly cors: CorsConfig;
}

const hostName =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;

/** The schema of `server`. */
export const serverSchema = prefault(
  strictObject(
    {
      host: withDefault(host(), "127.0.0.1"),
      port: withDefault(wholeNumber(0, 65_535), 8080),
      workers: withDefault(wholeNumber(1, 1_024), 1),
      max_body_bytes: withDefault(size("1KiB", "512MiB"), "32MiB"),
      drain_delay: withDefault(duration("0s"), "0s"),
      drain_timeout: withDefault(duration("0s"), "25s"),
      trusted_proxies: withDefault(array(addressBlock(), aList), []),
      cors: prefault(
        strictObject(
          {
            origins: withDefault(array(origin(), aList), []),
            max_age: withDefault(duration("0s"), "24h"),
          },
          aMap,
        ),
        {},
      ),
    },
    aMap,
  ),
  {},
);

/** Makes the section. */
export function serverConfig(input: output<typeof serverSchema>): ServerConfig {
  return {
    host: input.host,
    port: input.port,
    maxBodyBytes: sizeBytes(input.max_body_bytes),
    drainDelayMs: durationMs(input.drain_delay),
    drainTimeoutMs: durationMs(input.drain_timeout),
    trustedProxies: input.trusted_proxies,
    cors: { origins: input.cors.origins, maxAgeMs: durationMs(input.cors.max_age) },
  };
}

function host() {
  const message = expected("an IP address or a host name");
  return string(message).check(refine((value) => isIP(value) !== 0 || hostName.test(value), message));
}

function addressBlock() {
  const message = expected("an IP address or a CIDR block such as 10.0.0.0/8");
  return string(message).check(refine(isAddressBlock, message));
}

function origin() {
  const message = expected("* or an origin such as https://app.example.com, without path");
  return string(message)
    .check(refine((value) => value === "*" || isOrigin(value), message))
    .register(jsonForms, { pattern: "^(\\*|https?://[^/?#]+)$" });
}

/** Browsers send origins in one form only; another form of the same origin would never match. @see RFC 6454 §6.2 */
function isOrigin(value: string): boolean {
  return /^https?:\/\/[^/]/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

function isAddressBlock(value: string): boolean {
  const [address = "", prefix, ...rest] = value.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

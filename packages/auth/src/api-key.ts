/**
 * The form of API keys: `sk-llp-<kind>-<id>-<secret><crc>`.
 *
 * `sk-` because many tools insist on it; `llp` so that a secret scanner needs one pattern; the id is public and
 * finds the record, so that nothing is ever searched by secret; the checksum tells a mistyped key from a wrong
 * one before anything is read.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { Secret } from "@llmproxy/spec";
import { randomBase62, toBase62 } from "./base62.ts";
import type { Peppers } from "./peppers.ts";

/** What a key is for: `v` calls models; `a` (administration) and `s` (services) are reserved. */
export type ApiKeyKind = "v" | "a" | "s";

/** What everybody may know of a key. */
export interface ApiKeyName {
  readonly kind: ApiKeyKind;
  /** 12 base62 characters. */
  readonly id: string;
}

/** What a new key is made with. */
export interface CreateApiKeyOptions {
  readonly kind: "v";
  /** The current one hashes the key. */
  readonly peppers: Peppers;
}

/** A new key and what to store of it. */
export interface NewApiKey {
  /** The key itself, to be shown once and kept nowhere. */
  readonly key: Secret;
  /** Public id: 12 base62 characters. */
  readonly id: string;
  /** HMAC-SHA256 of the key: 32 bytes. */
  readonly hash: Uint8Array;
  /** Which pepper the hash was made with. */
  readonly pepperId: string;
}

/** What every API key begins with. */
export const apiKeyPrefix = "sk-llp-";

const idLength = 12;
/** 62^43 > 2^256: no fewer possibilities than 32 random bytes have. */
const secretLength = 43;
/** 62^6 > 2^32. */
const checksumLength = 6;
const form = /^sk-llp-([vas])-([0-9A-Za-z]{12})-[0-9A-Za-z]{49}$/;

/** Makes a key with a secret of 256 random bits. */
export function createApiKey(options: CreateApiKeyOptions): NewApiKey {
  const { kind, peppers } = options;
  const id = randomBase62(idLength);
  const body = `${apiKeyPrefix}${kind}-${id}-${randomBase62(secretLength)}`;
  const text = body + checksum(body);
  return { key: new Secret(text), id, hash: peppers.hash(text), pepperId: peppers.currentId };
}

/** Reads the public part of a key; absent when `text` has not the form of a key or its checksum is wrong. */
export function parseApiKey(text: string): ApiKeyName | undefined {
  const [, kind, id = ""] = form.exec(text) ?? [];
  if (kind !== "v" && kind !== "a" && kind !== "s") return undefined;
  return text.endsWith(checksum(text.slice(0, -checksumLength))) ? { kind, id } : undefined;
}

/**
 * How a key is shown once it has been created: `sk-llp-v-<id>-…`, with nothing of its secret.
 *
 * @param id - the key's public id
 */
export function describeKey(id: string): string {
  return `${apiKeyPrefix}v-${id}-…`;
}

function checksum(body: string): string {
  return toBase62(crc32(body), checksumLength);
}

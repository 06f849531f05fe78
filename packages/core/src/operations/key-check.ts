/**
 * Checks of a key's fields.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

const dayMs = 86_400_000;
const defaultLifeDays = 90;
const maxLifeDays = 365;
const maxAllowedModels = 100;
const maxModelLength = 256;
const maxMetadataEntries = 16;
const maxMetadataNameLength = 64;
const maxMetadataValueLength = 512;

/**
 * When a key ends. Keys always end: one that is forgotten must not stay valid for ever.
 *
 * @param expiresAt - what the caller asked for
 * @param now - milliseconds since the Unix epoch
 * @throws `invalid_request` (field `expires_at`) for a moment that has passed or is over 365 days away
 */
export function checkExpiry(expiresAt: Date | undefined, now: number): Date {
  if (!expiresAt) return new Date(now + defaultLifeDays * dayMs);
  const lifeMs = expiresAt.getTime() - now;
  if (!(lifeMs > 0 && lifeMs <= maxLifeDays * dayMs))
    throw new ProxyError(
      "invalid_request",
      `expires_at: expected a moment in the future, at most ${maxLifeDays} days from now`,
      {
        field: "expires_at",
      },
    );
  return expiresAt;
}

/** @throws `invalid_request` (field `allowed_models[i]`) */
export function checkAllowedModels(models: readonly string[]): readonly string[] {
  if (models.length === 0 || models.length > maxAllowedModels)
    throw new ProxyError(
      "invalid_request",
      `allowed_models: expected 1 to ${maxAllowedModels} model names or globs`,
      {
        field: "allowed_models",
      },
    );
  for (const [index, model] of models.entries()) {
    if (model.length > 0 && model.length <= maxModelLength && !/[\p{Cc}\s]/u.test(model)) continue;
    const field = `allowed_models[${index}]`;
    throw new ProxyError(
      "invalid_request",
      `${field}: expected 1 to ${maxModelLength} characters without spaces`,
      { field },
    );
  }
  return models;
}

/** @throws `invalid_request` (field `metadata` or `metadata.<name>`) */
export function checkMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata);
  if (entries.length > maxMetadataEntries)
    throw new ProxyError("invalid_request", `metadata: expected at most ${maxMetadataEntries} entries`, {
      field: "metadata",
    });
  for (const [name, value] of entries) {
    if (name.length === 0 || name.length > maxMetadataNameLength || /\p{Cc}/u.test(name))
      throw new ProxyError(
        "invalid_request",
        `metadata: expected names of 1 to ${maxMetadataNameLength} printable characters`,
        { field: "metadata" },
      );
    const field = `metadata.${name}`;
    if (value.length > maxMetadataValueLength || /\p{Cc}/u.test(value))
      throw new ProxyError(
        "invalid_request",
        `${field}: expected at most ${maxMetadataValueLength} printable characters`,
        { field },
      );
  }
  return metadata;
}

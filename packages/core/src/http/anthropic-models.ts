/**
 * The list of models as Anthropic's clients read it.
 *
 * @see https://docs.anthropic.com/en/api/models-list
 * @module
 */

import { type JsonObject, type ModelInfo, ProxyError } from "@llmproxy/spec";

const defaultLimit = 20;
const maxLimit = 1000;

/** Anthropic's clients expect a moment; this one says that the vendor gave none. */
const unknownMoment = new Date(0);

/**
 * A page of the list.
 *
 * @param query - `limit` (1–1000, 20 when absent), `after_id` or `before_id`
 * @throws `invalid_request` naming the parameter
 */
export function anthropicModelPage(models: readonly ModelInfo[], query: URLSearchParams): JsonObject {
  const limit = limitOf(query.get("limit"));
  const [after, before] = [query.get("after_id"), query.get("before_id")];
  const end = before === null ? models.length : placeOf(models, before, "before_id");
  const start =
    before === null
      ? after === null
        ? 0
        : placeOf(models, after, "after_id") + 1
      : Math.max(0, end - limit);
  const page = models.slice(start, before === null ? start + limit : end);
  return {
    data: page.map(anthropicModel),
    has_more: before === null ? start + page.length < models.length : start > 0,
    first_id: page.at(0)?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** One model. */
export function anthropicModel({ id, createdAt = unknownMoment }: ModelInfo): JsonObject {
  return { type: "model", id, display_name: id, created_at: createdAt.toISOString() };
}

function limitOf(text: string | null): number {
  if (text === null) return defaultLimit;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw new ProxyError("invalid_request", `limit: expected a whole number from 1 to ${maxLimit}`, {
    field: "limit",
  });
}

function placeOf(models: readonly ModelInfo[], id: string, field: string): number {
  const place = models.findIndex((model) => model.id === id);
  if (place >= 0) return place;
  throw new ProxyError("invalid_request", `${field}: expected the id of a model of the list`, { field });
}

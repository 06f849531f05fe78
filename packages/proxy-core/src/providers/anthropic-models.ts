/**
 * Reading the answer of Anthropic's `GET /v1/models`.
 *
 * @see Anthropic API reference, "List Models"
 * @module
 */

import type { Buffer } from "node:buffer";
import { type JsonObject, type ModelInfo, ProxyError } from "@llmproxy/spec";
import { defined, isArray, isObject, textOf } from "../json/value.ts";
import { readObject } from "../relay/vendor-failure.ts";
import type { ModelsPage } from "./load-models.ts";

/** The first page; 1,000 is the most the vendor gives at once. */
export const anthropicModelsPath = "/models?limit=1000";

const maxIdLength = 256;

/**
 * Reads a page of the catalogue. Retired models are left out: requests that name one fail.
 *
 * @param provider - the configured name of the provider it belongs to
 * @param body - JSON text
 * @throws `upstream_failed` when it is not a list of models
 */
export function readAnthropicModels(provider: string, body: Buffer): ModelsPage {
  const { data, has_more: hasMore, last_id: lastId } = readObject(body) ?? {};
  if (!isArray(data)) throw new ProxyError("upstream_failed", "the list of models is not one");
  const models = data.filter(isObject).flatMap((model) => readModel(provider, model) ?? []);
  const after = hasMore === true ? textOf(lastId) : undefined;
  if (after === undefined) return { models };
  return { models, next: `${anthropicModelsPath}&after_id=${encodeURIComponent(after)}` };
}

function readModel(provider: string, model: JsonObject): ModelInfo | undefined {
  const id = textOf(model.id);
  if (id === undefined || id.length > maxIdLength || model.lifecycle === "retired") return undefined;
  return {
    id,
    provider,
    aliases: [],
    ...defined({
      createdAt: readDate(textOf(model.created_at)),
      maxContextTokens: readCount(model.max_input_tokens),
      maxOutputTokens: readCount(model.max_tokens),
    }),
  };
}

/** The epoch stands for a date that is not known. */
function readDate(text: string | undefined): Date | undefined {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text);
  return milliseconds > 0 ? new Date(milliseconds) : undefined;
}

function readCount(value: JsonObject[string] | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

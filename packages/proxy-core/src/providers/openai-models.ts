/**
 * Reading the answer of `GET /models`.
 *
 * OpenAI answers `{"data": [{"id", "created"}]}`; some compatible servers leave the envelope out, and many say
 * how long a context may be, each under its own name.
 *
 * @module
 */

import { type ModelInfo, ProxyError } from "@llmproxy/spec";
import { isObject } from "../json/value.ts";

const maxModels = 10_000;
const maxIdLength = 256;
/** Groq, OpenRouter and Together, vLLM, Mistral. */
const contextMembers = ["context_window", "context_length", "max_model_len", "max_context_length"];

/**
 * Reads a catalogue.
 *
 * @param provider - the configured name of the provider it belongs to
 * @param body - JSON text
 * @returns at most 10,000 models, in the vendor's order, each once
 * @throws `upstream_failed` when it is not a list of models
 */
export function readModels(provider: string, body: Buffer): readonly ModelInfo[] {
  const models = new Map<string, ModelInfo>();
  for (const item of readList(body)) {
    if (models.size >= maxModels) break;
    const model = readModel(provider, item);
    if (model && !models.has(model.id)) models.set(model.id, model);
  }
  return [...models.values()];
}

function readList(body: Buffer): readonly unknown[] {
  const json = parse(body);
  const list = isObject(json) ? json.data : json;
  if (!Array.isArray(list)) throw new ProxyError("upstream_failed", "the list of models is not one");
  return list;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new ProxyError("upstream_failed", "the list of models is not JSON", { cause });
  }
}

function readModel(provider: string, item: unknown): ModelInfo | undefined {
  if (!isObject(item)) return undefined;
  const { id, created } = item;
  if (typeof id !== "string" || id === "" || id.length > maxIdLength) return undefined;
  const createdAt = typeof created === "number" ? new Date(created * 1_000) : undefined;
  const maxContextTokens = contextMembers.map((name) => item[name]).find(isTokenCount);
  return {
    id,
    provider,
    aliases: [],
    ...(createdAt && !Number.isNaN(createdAt.getTime()) ? { createdAt } : {}),
    ...(maxContextTokens === undefined ? {} : { maxContextTokens }),
  };
}

function isTokenCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

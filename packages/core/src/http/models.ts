/**
 * `GET /v1/models` and `GET /v1/models/{id}`.
 *
 * @see https://platform.openai.com/docs/api-reference/models
 * @module
 */

import { dialects, framesOf, openaiChat } from "@llmproxy/proxy-core";
import {
  type Clock,
  type Handler,
  type JsonObject,
  type ModelInfo,
  type Principal,
  ProxyError,
} from "@llmproxy/spec";
import { jsonReply } from "../json-reply.ts";
import type { Exchange } from "./exchange.ts";
import { writeReply } from "./write-reply.ts";

/** What the endpoint needs. */
export interface ModelsOptions {
  readonly clock: Clock;
  readonly stallMs: number;
  /** Wraps what answers a call that asks no model. */
  readonly controlPath: (answer: Handler) => Handler;
  /** The models a principal may ask for. */
  readonly modelsFor: (principal: Principal) => readonly ModelInfo[];
}

const prefix = "/v1/models/";

/** The model a path names; undefined for another path. A slash in the id may stand as it is or as `%2F`. */
export function modelIdOf(path: string): string | undefined {
  if (!path.startsWith(prefix) || path.length === prefix.length) return undefined;
  const id = path.slice(prefix.length);
  try {
    return decodeURIComponent(id);
  } catch {
    // A broken escape names no model: the id as it was sent will not be found.
    return id;
  }
}

/**
 * Answers with all models, or with one.
 *
 * @throws `model_not_found` for one the caller may not ask for, and for one that does not exist
 */
export async function answerModels(
  exchange: Exchange,
  modelId: string | undefined,
  options: ModelsOptions,
): Promise<void> {
  const call = exchange.call(modelId === undefined ? "/v1/models" : "/v1/models/{id}", "model:read");
  const answer = options.controlPath(async ({ principal }) => {
    const models = principal ? options.modelsFor(principal) : [];
    return jsonReply(modelId === undefined ? listOf(models) : oneOf(models, modelId));
  });
  const reply = await answer(call);
  const frames = framesOf(reply, { dialect: openaiChat, dialects, stream: false, includeUsage: false });
  await writeReply(
    { status: reply.status, stream: false, frames, cancel: (reason: ProxyError) => reply.cancel(reason) },
    exchange.response,
    {
      headers: {},
      errorFrame: openaiChat.writeErrorFrame,
      clock: options.clock,
      signal: exchange.signal,
      stallMs: options.stallMs,
    },
  );
}

function listOf(models: readonly ModelInfo[]): JsonObject {
  return { object: "list", data: models.map(modelObject) };
}

function oneOf(models: readonly ModelInfo[], id: string): JsonObject {
  const model = models.find((candidate) => candidate.id === id || candidate.aliases.includes(id));
  if (!model)
    throw new ProxyError("model_not_found", `no model ${JSON.stringify(id)}; GET /v1/models lists them`, {
      field: "model",
    });
  return modelObject(model);
}

function modelObject(model: ModelInfo): JsonObject {
  return {
    id: model.id,
    object: "model",
    // OpenAI's clients expect a number; 0 says that the vendor gave none.
    created: model.createdAt ? Math.floor(model.createdAt.getTime() / 1000) : 0,
    owned_by: model.provider,
  };
}

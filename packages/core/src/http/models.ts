/**
 * `GET /v1/models` and `GET /v1/models/{id}`, for OpenAI's clients and for Anthropic's.
 *
 * @see https://platform.openai.com/docs/api-reference/models
 * @module
 */

import { dialects } from "@llmproxy/proxy-core";
import {
  type Clock,
  type Handler,
  type JsonObject,
  type ModelInfo,
  type Principal,
  ProxyError,
} from "@llmproxy/spec";
import type { ServerOperations } from "../operations/server.ts";
import { anthropicModel, anthropicModelPage } from "./anthropic-models.ts";
import { type Exchange, pathOf, queryOf } from "./exchange.ts";
import { answerJson } from "./json-answer.ts";
import { isAnthropic } from "./surface.ts";

/** What the endpoint needs. */
export interface ModelsOptions {
  readonly clock: Clock;
  readonly stallMs: number;
  /** Wraps what answers a call that asks no model. */
  readonly controlPath: (answer: Handler) => Handler;
  /** Knows the models. */
  readonly server: ServerOperations;
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
export function answerModels(
  exchange: Exchange,
  modelId: string | undefined,
  { clock, stallMs, controlPath, server }: ModelsOptions,
): Promise<void> {
  const { request } = exchange;
  const call = exchange.call(modelId === undefined ? "/v1/models" : "/v1/models/{id}", "model:read");
  const shape = isAnthropic(request, pathOf(request)) ? anthropicShape : openaiShape;
  return answerJson(exchange, call, {
    clock,
    stallMs,
    dialect: dialects[shape.dialect],
    path: controlPath,
    body({ principal }) {
      const asker = known(principal);
      if (modelId !== undefined) return shape.one(server.model(asker, modelId));
      return shape.list(server.info(asker).models, queryOf(request));
    },
  });
}

function known(principal: Principal | undefined): Principal {
  if (principal) return principal;
  throw new ProxyError("internal", "internal error", { cause: new Error("answered before admit") });
}

const anthropicShape = {
  dialect: "anthropic-messages",
  one: anthropicModel,
  list: anthropicModelPage,
} as const;

const openaiShape = {
  dialect: "openai-chat",
  one: modelObject,
  list: (models: readonly ModelInfo[]): JsonObject => ({ object: "list", data: models.map(modelObject) }),
} as const;

function modelObject(model: ModelInfo): JsonObject {
  return {
    id: model.id,
    object: "model",
    // OpenAI's clients expect a number; 0 says that the vendor gave none.
    created: model.createdAt ? Math.floor(model.createdAt.getTime() / 1000) : 0,
    owned_by: model.provider,
  };
}

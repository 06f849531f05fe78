/**
 * `GET /v1/models` and `GET /v1/models/{id}`.
 *
 * @see https://platform.openai.com/docs/api-reference/models
 * @module
 */

import { dialects, framesOf, openaiChat } from "@llmproxy/proxy-core";
import { type Clock, type Handler, type JsonObject, type ModelInfo, ProxyError } from "@llmproxy/spec";
import { jsonReply } from "../json-reply.ts";
import type { ServerOperations } from "../operations/server.ts";
import type { Exchange } from "./exchange.ts";
import { writeReply } from "./write-reply.ts";

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
export async function answerModels(
  exchange: Exchange,
  modelId: string | undefined,
  options: ModelsOptions,
): Promise<void> {
  const call = exchange.call(modelId === undefined ? "/v1/models" : "/v1/models/{id}", "model:read");
  const answer = options.controlPath(async ({ principal }) => {
    if (!principal)
      throw new ProxyError("internal", "internal error", { cause: new Error("answered before admit") });
    if (modelId === undefined) return jsonReply(listOf(options.server.info(principal).models));
    return jsonReply(modelObject(options.server.model(principal, modelId)));
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

function modelObject(model: ModelInfo): JsonObject {
  return {
    id: model.id,
    object: "model",
    // OpenAI's clients expect a number; 0 says that the vendor gave none.
    created: model.createdAt ? Math.floor(model.createdAt.getTime() / 1000) : 0,
    owned_by: model.provider,
  };
}

/**
 * What a client may know about the server, as a message.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetServerInfoResponseSchema, ModelInfoSchema } from "@llmproxy/proto";
import type { ModelInfo } from "@llmproxy/spec";
import type { ServerInfo } from "../services-core.ts";

/** Writes what a client may know. Every model streams: where its provider cannot, the text comes as one chunk. */
export function serverInfoMessage(info: ServerInfo): MessageInitShape<typeof GetServerInfoResponseSchema> {
  const aliases = info.models.flatMap((model) => model.aliases.map((alias) => [alias, model.id]));
  return {
    availableModels: info.models.map(modelMessage),
    defaultModel: info.defaultModel ?? "",
    limits: { ...info.limits },
    serverVersion: info.version,
    modelAliases: Object.fromEntries(aliases),
    serverName: info.name,
  };
}

function modelMessage(model: ModelInfo): MessageInitShape<typeof ModelInfoSchema> {
  return {
    modelId: model.id,
    displayName: model.id,
    provider: model.provider,
    supportsStreaming: true,
    ...(model.maxContextTokens !== undefined && { maxContextLength: model.maxContextTokens }),
    aliases: [...model.aliases],
  };
}

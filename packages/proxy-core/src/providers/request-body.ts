/**
 * What is sent to a vendor: the client's own bytes where they are in the vendor's dialect, else a translation.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ChatRequest, JsonObject, ModelInfo, ProviderCall } from "@llmproxy/spec";
import type { Dialect } from "../dialects/dialect.ts";
import { translateRequest } from "../dialects/translate.ts";

/** What a vendor is written to in. */
export interface VendorDialect {
  readonly dialect: Dialect;
  /** Whether the vendor may know only old forms of the dialect. */
  readonly useOldForms?: boolean | undefined;
}

/**
 * The body of a request for an answer. A stream is always asked for its usage.
 *
 * @param models - the provider's catalogue, for the limit a client has not given
 * @throws `invalid_request` with `field` for what the vendor's dialect has no words for
 */
export function writeChatBody(
  { dialect, useOldForms }: VendorDialect,
  { request, model }: ProviderCall,
  models: readonly ModelInfo[],
): readonly Uint8Array[] {
  const { body, chat, stream } = request;
  if (body?.dialect === dialect.name) return dialect.relayRequest(body, { model, askForUsage: stream });
  const modelMaxOutputTokens =
    chat.maxOutputTokens === undefined ? models.find(({ id }) => id === model)?.maxOutputTokens : undefined;
  const asked = { ...chat, model, stream, includeUsage: stream };
  const options = { from: body?.dialect, modelMaxOutputTokens, useOldForms };
  return [encode(translateRequest(asked, dialect, options))];
}

/**
 * The body of a request to count tokens.
 *
 * @param write - writes what is to be counted
 * @throws `invalid_request` as {@link writeChatBody} does
 */
export function writeCountBody(
  dialect: Dialect,
  { request, model }: ProviderCall,
  write: (chat: ChatRequest) => JsonObject,
): readonly Uint8Array[] {
  const { body, chat, operation } = request;
  // A request for an answer has members that the service which counts refuses.
  if (body?.dialect === dialect.name && operation === "count-tokens")
    return dialect.relayRequest(body, { model, askForUsage: false });
  return [encode(translateRequest({ ...chat, model }, dialect, { from: body?.dialect, write }))];
}

function encode(json: JsonObject): Uint8Array {
  return Buffer.from(JSON.stringify(json));
}

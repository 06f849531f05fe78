/**
 * From the body of an HTTP request to a request to a model.
 *
 * @module
 */

import { type Dialect, readCountTokensRequest, readJsonBody } from "@llmproxy/proxy-core";
import type { ChatRequest, JsonObject, LlmRequest } from "@llmproxy/spec";
import { type HttpRequest, headerOf } from "./exchange.ts";
import { checkJsonContent, readBody } from "./read-body.ts";

/** What reading needs to know. */
export interface ReadRequestOptions {
  /** The largest request body. */
  readonly maxBodyBytes: () => number;
  /** The model of requests that name none; they are refused when absent. */
  readonly defaultModel: () => string | undefined;
}

/** Headers by which a client switches features of the vendor on; they go to a vendor that speaks the same dialect. */
const dialectHeaders = ["anthropic-beta", "anthropic-version"] as const;

/**
 * Reads a request for an answer.
 *
 * @throws `unsupported_media_type`, `too_large`, `canceled`, and `invalid_request` naming the field
 */
export async function readChatRequest(
  request: HttpRequest,
  dialect: Dialect,
  options: ReadRequestOptions,
  signal: AbortSignal,
): Promise<LlmRequest> {
  return read(request, { dialect, operation: "chat", parse: dialect.readRequest }, options, signal);
}

/**
 * Reads a request for the number of its tokens.
 *
 * @throws as {@link readChatRequest}
 */
export async function readCountRequest(
  request: HttpRequest,
  dialect: Dialect,
  options: ReadRequestOptions,
  signal: AbortSignal,
): Promise<LlmRequest> {
  return read(
    request,
    { dialect, operation: "count-tokens", parse: readCountTokensRequest },
    options,
    signal,
  );
}

/** What is asked, and how its body is read. */
interface RequestForm {
  readonly dialect: Dialect;
  readonly operation: LlmRequest["operation"];
  readonly parse: (json: JsonObject) => ChatRequest;
}

async function read(
  request: HttpRequest,
  { dialect, operation, parse }: RequestForm,
  { maxBodyBytes, defaultModel }: ReadRequestOptions,
  signal: AbortSignal,
): Promise<LlmRequest> {
  checkJsonContent(request);
  const bytes = await readBody(request, maxBodyBytes(), signal);
  const { json, body } = readJsonBody(bytes, { dialect: dialect.name });
  const model = defaultModel();
  const named = json.model === undefined && model !== undefined ? { ...json, model } : json;
  const chat = parse(named);
  const headers = headersOf(request);
  return {
    operation,
    model: chat.model,
    stream: chat.stream,
    chat,
    body,
    ...(headers && { dialectHeaders: headers }),
  };
}

function headersOf({ headers }: HttpRequest): Record<string, string> | undefined {
  const given = dialectHeaders.flatMap((name) => {
    const value = headerOf(headers, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

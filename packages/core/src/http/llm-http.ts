/**
 * The HTTP endpoints that other people's clients dictate, in one table.
 *
 * @module
 */

import type { IncomingHttpHeaders } from "node:http";
import { readCredentials } from "@llmproxy/auth";
import { dialects } from "@llmproxy/proxy-core";
import { type Credentials, type Handler, type Logger, ProxyError } from "@llmproxy/spec";
import { createCall } from "../create-call.ts";
import { requestIdOf } from "../ids.ts";
import { answerChat, type ChatEndpoint, type ChatOptions } from "./chat.ts";
import type { ClientAddress } from "./client-address.ts";
import { answerCountTokens, type CountTokensOptions, countTokensPath } from "./count-tokens.ts";
import { type ErrorWriter, writeErrorResponse } from "./error-response.ts";
import {
  clientSignal,
  type Exchange,
  type HttpRequest,
  type HttpResponse,
  headerOf,
  pathOf,
} from "./exchange.ts";
import { answerModels, type ModelsOptions, modelIdOf } from "./models.ts";
import { isAnthropic, messagesPath, surfaceOf } from "./surface.ts";

/** What the endpoints need. */
export interface LlmHttpOptions extends ChatOptions, CountTokensOptions, ModelsOptions {
  readonly logger: Logger;
  readonly clientAddress: ClientAddress;
  /** Wraps what refuses a request that leads nowhere. */
  readonly strayPath: (answer: Handler) => Handler;
}

const maxShownPathLength = 128;

interface Endpoint {
  readonly methods: readonly string[];
  /** @throws `ProxyError` before the response has begun */
  answer(exchange: Exchange): Promise<void>;
}

/** The endpoints as one handler. */
export interface LlmHttp {
  /** Whether a path, without its query, is one of the endpoints. */
  matches(path: string): boolean;
  /** The shape of errors for whoever makes this request. */
  errorShape(request: HttpRequest): ErrorWriter;
  /**
   * Answers every request; what is no endpoint gets 404 `endpoint_not_found`. Never throws.
   *
   * @param shape - the shape of errors; that of whoever makes the request when absent
   */
  handle(request: HttpRequest, response: HttpResponse, shape?: ErrorWriter): void;
  /** Answers 404 `endpoint_not_found`, whatever the path: it is not below where the endpoints are. Never throws. */
  refuse(request: HttpRequest, response: HttpResponse): void;
}

/** Makes the endpoints. */
export function createLlmHttp(options: LlmHttpOptions): LlmHttp {
  const find = finder(options);
  const run = (
    request: HttpRequest,
    response: HttpResponse,
    shape: ErrorWriter,
    endpoint?: Endpoint,
  ): void => {
    const exchange = createExchange(request, response, options);
    const answered = answer(endpoint, exchange, options);
    answered.catch((reason: unknown) => fail(exchange, reason, shape, options.logger));
  };
  const errorShape = (request: HttpRequest): ErrorWriter => surfaceOf(request, pathOf(request)).writeError;
  return {
    matches: (path) => find(path) !== undefined,
    errorShape,
    handle: (request, response, shape = errorShape(request)) =>
      run(request, response, shape, find(pathOf(request))),
    refuse: (request, response) => run(request, response, errorShape(request)),
  };
}

function finder(options: LlmHttpOptions): (path: string) => Endpoint | undefined {
  const chat = (endpoint: ChatEndpoint): Endpoint => ({
    methods: ["POST"],
    answer: (exchange) => answerChat(exchange, endpoint, options),
  });
  const models = (id: string | undefined): Endpoint => ({
    methods: ["GET", "HEAD"],
    answer: (exchange) => answerModels(exchange, id, options),
  });
  const openai = dialects["openai-chat"];
  const anthropic = dialects["anthropic-messages"];
  const endpoints = new Map<string, Endpoint>([
    ["/v1/chat/completions", chat({ path: "/v1/chat/completions", dialect: openai })],
    [messagesPath, chat({ path: messagesPath, dialect: anthropic })],
    [
      countTokensPath,
      { methods: ["POST"], answer: (exchange) => answerCountTokens(exchange, anthropic, options) },
    ],
    ["/v1/models", models(undefined)],
  ]);
  return (path) => {
    const modelId = modelIdOf(path);
    return modelId === undefined ? endpoints.get(path) : models(modelId);
  };
}

async function answer(
  endpoint: Endpoint | undefined,
  exchange: Exchange,
  options: LlmHttpOptions,
): Promise<void> {
  const { method = "" } = exchange.request;
  if (endpoint?.methods.includes(method)) return endpoint.answer(exchange);
  if (endpoint) exchange.response.setHeader("allow", endpoint.methods.join(", "));
  const refusal = endpoint
    ? methodRefusal(method, endpoint.methods)
    : pathRefusal(method, pathOf(exchange.request));
  await options.strayPath(() => Promise.reject(refusal))(exchange.call("unknown", "server:read"));
}

function methodRefusal(method: string, allowed: readonly string[]): ProxyError {
  return new ProxyError("method_not_allowed", `${method} is not allowed here; use ${allowed.join(" or ")}`);
}

function pathRefusal(method: string, path: string): ProxyError {
  const shown = path.length > maxShownPathLength ? `${path.slice(0, maxShownPathLength)}…` : path;
  return new ProxyError(
    "endpoint_not_found",
    `no endpoint ${method} ${shown}; try POST /v1/chat/completions, POST /v1/messages or GET /v1/models`,
  );
}

function createExchange(request: HttpRequest, response: HttpResponse, options: LlmHttpOptions): Exchange {
  const { clock, logger, clientAddress } = options;
  const { headers } = request;
  const signal = clientSignal(response);
  const requestId = requestIdOf(headerOf(headers, "x-request-id"), clock.now());
  response.setHeader("x-request-id", requestId);
  // Where Anthropic's clients look for it.
  if (isAnthropic(request, pathOf(request))) response.setHeader("request-id", requestId);
  return {
    request,
    response,
    signal,
    call: (endpoint, permission, read) =>
      createCall(
        {
          requestId,
          endpoint,
          permission,
          ...presentedBy(headers),
          clientAddress: clientAddress(request),
          traceparent: headerOf(headers, "traceparent"),
          signal,
          read,
        },
        clock,
        logger,
      ),
  };
}

/** What the headers present. What is wrong with them is refused in the pipeline, where it is counted and logged. */
function presentedBy(headers: IncomingHttpHeaders): { credentials: Credentials; refusal?: ProxyError } {
  try {
    return { credentials: readCredentials(headers) };
  } catch (reason) {
    return { credentials: { kind: "none" }, refusal: ProxyError.from(reason) };
  }
}

function fail({ request, response }: Exchange, reason: unknown, shape: ErrorWriter, logger: Logger): void {
  const error = ProxyError.from(reason);
  const path = pathOf(request);
  if (error.code === "internal") logger.error({ error: error.cause ?? error, path }, "request failed");
  writeErrorResponse(response, error, shape);
}

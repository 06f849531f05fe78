/**
 * The HTTP endpoints that other people's clients dictate, in one table.
 *
 * @module
 */

import type { IncomingHttpHeaders } from "node:http";
import { readCredentials } from "@llmproxy/auth";
import { openaiChat } from "@llmproxy/proxy-core";
import { type Clock, type Credentials, type Handler, type Logger, ProxyError } from "@llmproxy/spec";
import { createCall } from "../create-call.ts";
import { requestIdOf } from "../ids.ts";
import type { ServerOperations } from "../operations/server.ts";
import { answerChat } from "./chat-completions.ts";
import type { ClientAddress } from "./client-address.ts";
import { type ErrorWriter, writeErrorResponse } from "./error-response.ts";
import {
  clientSignal,
  type Exchange,
  type HttpRequest,
  type HttpResponse,
  headerOf,
  pathOf,
} from "./exchange.ts";
import { answerModels, modelIdOf } from "./models.ts";

/** What the endpoints need. */
export interface LlmHttpOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly clientAddress: ClientAddress;
  /** The largest request body. */
  readonly maxBodyBytes: number;
  /** How long a client may refuse to read a stream, in milliseconds. */
  readonly stallMs: number;
  /** The model of requests that name none; they are refused when absent. */
  readonly defaultModel?: string | undefined;
  /** Answers calls to models. */
  readonly callModel: Handler;
  /** Wraps what answers a call that asks no model. */
  readonly controlPath: (answer: Handler) => Handler;
  /** Wraps what refuses a request that leads nowhere. */
  readonly strayPath: (answer: Handler) => Handler;
  /** Knows the models. */
  readonly server: ServerOperations;
}

const maxShownPathLength = 128;

interface Endpoint {
  readonly methods: readonly string[];
  /** @throws `ProxyError` before the response has begun */
  answer(exchange: Exchange): Promise<void>;
}

/** The endpoints as one handler. */
export interface LlmHttp {
  /** Answers every request; what is no endpoint gets 404 `endpoint_not_found`. Never throws. */
  handle(request: HttpRequest, response: HttpResponse): void;
}

/** Makes the endpoints. */
export function createLlmHttp(options: LlmHttpOptions): LlmHttp {
  const chat: Endpoint = {
    methods: ["POST"],
    answer: (exchange) => answerChat(exchange, openaiChat, options),
  };
  const models: Endpoint = {
    methods: ["GET", "HEAD"],
    answer: (exchange) => answerModels(exchange, undefined, options),
  };
  const endpoints = new Map([
    ["/v1/chat/completions", chat],
    ["/v1/models", models],
  ]);
  const find = (path: string): Endpoint | undefined => {
    const modelId = modelIdOf(path);
    if (modelId === undefined) return endpoints.get(path);
    return { methods: models.methods, answer: (exchange) => answerModels(exchange, modelId, options) };
  };
  return {
    handle(request, response) {
      const exchange = createExchange(request, response, options);
      const answered = answer(find(pathOf(request)), exchange, options);
      answered.catch((reason: unknown) => fail(exchange, reason, openaiChat.writeError, options.logger));
    },
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
    `no endpoint ${method} ${shown}; try POST /v1/chat/completions or GET /v1/models`,
  );
}

function createExchange(request: HttpRequest, response: HttpResponse, options: LlmHttpOptions): Exchange {
  const { clock, logger, clientAddress } = options;
  const { headers } = request;
  const signal = clientSignal(response);
  const requestId = requestIdOf(headerOf(headers, "x-request-id"), clock.now());
  response.setHeader("x-request-id", requestId);
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

function fail(exchange: Exchange, reason: unknown, write: ErrorWriter, logger: Logger): void {
  const error = ProxyError.from(reason);
  if (error.code === "internal")
    logger.error({ error: error.cause ?? error, path: pathOf(exchange.request) }, "request failed");
  writeErrorResponse(exchange.response, error, write);
}

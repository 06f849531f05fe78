/**
 * The REST driver: serves the registry by HTTP and JSON, as the `google.api.http` options of its RPCs say.
 *
 * @see https://google.aip.dev/127
 * @module
 */

import { createRpcObserver, defaultLimits, type RpcObserver, requestIdOf } from "@llmproxy/services";
import { ProxyError, silentLogger, silentMeter, systemClock } from "@llmproxy/spec";
import { type HttpRequest, type HttpResponse, headerOf, splitTarget } from "../http/exchange.ts";
import { writeError } from "../http/write-error.ts";
import { answerRpc } from "./answer-rpc.ts";
import type { TranscoderOptions } from "./options.ts";
import { createRoutes, type PathMatch } from "./routes.ts";

/** Serves RPCs by HTTP and JSON. */
export interface Transcoder {
  /** Whether a path, perhaps with a query, is one of an RPC, whatever the method. */
  matches(target: string): boolean;
  /**
   * Answers a request completely, or leaves it untouched; never throws. To be called in the turn the request came in.
   *
   * @returns false when the path is none of an RPC; else the request has been taken
   */
  handle(request: HttpRequest, response: HttpResponse): boolean;
}

const defaultStallMs = 30_000;
const defaultKeepAliveMs = 15_000;

/**
 * Makes the driver, or refuses to: a server must not start with a path that means two things.
 *
 * @throws TypeError when two RPCs are reached by the same method and path, or an option does not fit its messages
 */
export function createTranscoder(options: TranscoderOptions): Transcoder {
  const { clock = systemClock, logger = silentLogger, meter = silentMeter } = options;
  const routes = createRoutes(options.registry);
  const observe: RpcObserver = createRpcObserver(clock, logger, meter);
  const settings = {
    ...options,
    clock,
    logger,
    observe,
    limits: { ...defaultLimits, ...options.limits },
    clientAddress: options.clientAddress ?? addressOf,
    stallMs: options.stallMs ?? defaultStallMs,
    keepAliveMs: options.keepAliveMs ?? defaultKeepAliveMs,
  };
  return {
    matches: (target) => routes.find(splitTarget(target).path) !== undefined,
    handle(request, response) {
      const found = routes.find(splitTarget(request.url).path);
      if (!found) return false;
      const match = found.match(request.method ?? "");
      if (match) void answerRpc(match, request, response, settings);
      else answerMethod(found, request, response);
      return true;
    },
  };
}

/** Answers what no RPC is asked by: another method, or the question which ones there are. */
function answerMethod({ methods }: PathMatch, request: HttpRequest, response: HttpResponse): void {
  const { method = "" } = request;
  response.setHeader("x-request-id", requestIdOf(headerOf(request.headers, "x-request-id") ?? null));
  response.setHeader("allow", [...methods, "OPTIONS"].join(", "));
  if (method === "OPTIONS") {
    response.statusCode = 204;
    response.end();
    return;
  }
  const expected = methods.join(" or ");
  writeError(
    response,
    new ProxyError("method_not_allowed", `${method} is not allowed here; use ${expected}`),
  );
}

function addressOf(request: HttpRequest): string | undefined {
  return request.socket.remoteAddress;
}

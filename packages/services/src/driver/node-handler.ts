/**
 * The Connect driver as a handler of Node's requests, HTTP/1.1 and HTTP/2 alike.
 *
 * It does what `connectNodeAdapter` does, which logs to the console, throws at a host that is no host and answers
 * 404 with nothing in it.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import {
  Code,
  ConnectError,
  type ContextValues,
  createConnectRouter,
  createContextValues,
} from "@connectrpc/connect";
import type {
  Compression,
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { type Logger, ProxyError, silentLogger } from "@llmproxy/spec";
import { aliasesOf, resolveAlias } from "../aliases.ts";
import { clampTimeout } from "./clamp-timeout.ts";
import { clientAddressKey } from "./connect-run.ts";
import { defaultLimits, type RpcRoutesOptions } from "./options.ts";
import { refuseRequest } from "./refuse.ts";
import { createRpcRoutes } from "./routes.ts";

/** A request of `node:http` or `node:http2`. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** A response of `node:http` or `node:http2`. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** What is used of `@connectrpc/connect-node`; the module itself fits. */
export interface NodeBridge {
  readonly compressionGzip: Compression;
  readonly compressionBrotli: Compression;
  /** @throws when the request's host is none */
  universalRequestFromNodeRequest(
    request: NodeRequest,
    response: NodeResponse,
    parsedBody: undefined,
    contextValues: ContextValues,
  ): UniversalServerRequest;
  universalResponseToNodeResponse(answer: UniversalServerResponse, response: NodeResponse): Promise<void>;
}

/** What the handler works with. */
export interface RpcHandlerOptions extends RpcRoutesOptions {
  /** `import * as bridge from "@connectrpc/connect-node"`. */
  readonly bridge: NodeBridge;
  /** Tells whose request it is; the address of the connection when absent. */
  readonly clientAddress?: (request: NodeRequest) => string | undefined;
}

/** Serves RPCs. */
export interface RpcHandler {
  /** Whether a path, perhaps with a query, belongs to a service or an alias of one; its method may be unknown. */
  matches(path: string): boolean;
  /** Answers a request completely; never throws. */
  handle(request: NodeRequest, response: NodeResponse): void;
}

/** `INTERNAL_ERROR`, RFC 9113 §7. */
const http2InternalError = 2;

const unknownRpc = new ProxyError("endpoint_not_found", "there is no such rpc");
const badHost = new ProxyError("invalid_request", "the request must name the host it is for");
const badMethod = new ProxyError("method_not_allowed", "this rpc cannot be called by this method");
const badType = new ProxyError(
  "unsupported_media_type",
  "expected the content type of grpc, grpc-web or connect, with proto or json",
);

/** Makes a handler of Node's requests. */
export function createRpcHandler(options: RpcHandlerOptions): RpcHandler {
  const { bridge, logger = silentLogger, clientAddress = addressOf } = options;
  const maxTimeoutMs = options.limits?.maxTimeoutMs ?? defaultLimits.maxTimeoutMs;
  const router = createConnectRouter({
    acceptCompression: [bridge.compressionGzip, bridge.compressionBrotli],
  });
  createRpcRoutes(options)(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const services = new Set(options.registry.services.map(({ typeName }) => typeName));
  for (const service of [...services]) for (const alias of aliasesOf(service)) services.add(alias);
  return {
    matches: (path) => services.has(path.split("/", 2)[1] ?? ""),
    handle(request, response) {
      const handler = handlers.get(resolveAlias(pathOf(request)));
      if (!handler) return refuseRequest(request, response, unknownRpc);
      clampTimeout(request.headers, maxTimeoutMs);
      const values = createContextValues().set(clientAddressKey, clientAddress(request));
      serve({ bridge, handler, logger, values }, request, response);
    },
  };
}

interface Serving {
  readonly bridge: NodeBridge;
  readonly handler: UniversalHandler;
  readonly logger: Logger;
  readonly values: ContextValues;
}

function serve(serving: Serving, request: NodeRequest, response: NodeResponse): void {
  const { bridge, handler, logger, values } = serving;
  let universal: UniversalServerRequest;
  try {
    universal = bridge.universalRequestFromNodeRequest(request, response, undefined, values);
  } catch {
    // There is nothing it throws for but a host that makes no URL.
    refuseRequest(request, response, badHost);
    return;
  }
  handler({ ...universal, body: readBody(request, response) })
    .then((answer) => writeAnswer(serving, answer, request, response))
    .catch((reason: unknown) => {
      // Of a client that has gone the RPC has been told by its signal.
      if (ConnectError.from(reason).code !== Code.Aborted)
        logger.error({ endpoint: handler.requestPath, error: reason }, "rpc response failed");
      breakOff(response);
    });
}

/**
 * The body of a request. A message that is too long ends the reading and not the connection, which the answer
 * still has to go through; the rest is thrown away, the listener bounds for how long.
 */
async function* readBody(request: NodeRequest, response: NodeResponse): AsyncGenerator<Uint8Array> {
  response.once("finish", () => request.resume());
  yield* request.iterator({ destroyOnReturn: false });
}

/** Makes sure that nobody waits for an answer that cannot come, and takes half of one for the whole. */
function breakOff(response: NodeResponse): void {
  if ("stream" in response) response.stream.close(http2InternalError);
  else response.destroy();
}

/** What the protocol refuses before the RPC begins comes without a body. */
function writeAnswer(
  { bridge, handler }: Serving,
  answer: UniversalServerResponse,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> | void {
  if (answer.status === 405) {
    response.setHeader("allow", handler.allowedMethods.join(", "));
    refuseRequest(request, response, badMethod);
  } else if (answer.status === 415 && answer.body === undefined) refuseRequest(request, response, badType);
  else return bridge.universalResponseToNodeResponse(answer, response);
}

function pathOf({ url = "" }: NodeRequest): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function addressOf(request: NodeRequest): string | undefined {
  return request.socket.remoteAddress;
}

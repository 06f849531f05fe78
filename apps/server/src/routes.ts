/**
 * Which part of the server answers a request on the one port.
 *
 * @module
 */

import type { LlmHttp } from "@llmproxy/core";
import type { RequestHandler } from "@llmproxy/listener";
import type { OperationsRoutes } from "@llmproxy/rest";
import type { RpcSurface } from "./rpc.ts";

/** The parts of the server that answer requests. */
export interface Surfaces {
  readonly operations: OperationsRoutes;
  readonly rpc: RpcSurface;
  readonly llm: LlmHttp;
}

/** Asks the surfaces in order; the LLM endpoints come last because they answer whatever nobody knows. */
export function createRequestHandler({ operations, rpc, llm }: Surfaces): RequestHandler {
  return (request, response) => {
    if (operations.handle(request, response)) return;
    if (rpc.matches(request.url ?? "/")) rpc.handle(request, response);
    else llm.handle(request, response);
  };
}

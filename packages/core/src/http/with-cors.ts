/**
 * The endpoints with the answers browsers need.
 *
 * @module
 */

import type { Cors } from "./cors.ts";
import type { LlmHttp } from "./llm-http.ts";

/** Puts a policy in front of the endpoints. */
export function withCors(http: LlmHttp, cors: Cors): LlmHttp {
  return {
    ...http,
    handle(request, response, shape = http.errorShape(request)) {
      if (!cors.handle(request, response, shape)) http.handle(request, response, shape);
    },
  };
}

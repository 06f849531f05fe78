/**
 * Whose clients a request comes from, which decides the shape of what it is told.
 *
 * @module
 */

import { type Dialect, dialects } from "@llmproxy/proxy-core";
import { type HttpRequest, headerOf } from "./exchange.ts";

/** Where Anthropic's clients send their requests. */
export const messagesPath = "/v1/messages";

/** Whether Anthropic's clients made the request: by its path, else by the version they always send. */
export function isAnthropic(request: HttpRequest, path: string): boolean {
  return (
    path === messagesPath ||
    path.startsWith(`${messagesPath}/`) ||
    headerOf(request.headers, "anthropic-version") !== undefined
  );
}

/** The dialect whose shape errors have. */
export function surfaceOf(request: HttpRequest, path: string): Dialect {
  return dialects[isAnthropic(request, path) ? "anthropic-messages" : "openai-chat"];
}

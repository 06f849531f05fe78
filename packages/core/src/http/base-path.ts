/**
 * Endpoints below a path of their host.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/**
 * Checks a base path.
 *
 * @param basePath - `/api/llm`, with or without a slash at the end; empty for none
 * @returns the path without a slash at the end
 * @throws `invalid_request` (field `http.basePath`) for what is no path
 */
export function checkBasePath(basePath: string): string {
  if (basePath !== "" && !/^(\/[\w.~%@:+-]+)*\/?$/.test(basePath))
    throw new ProxyError(
      "invalid_request",
      `http.basePath: expected a path such as /api/llm, got ${JSON.stringify(basePath)}`,
      { field: "http.basePath" },
    );
  return basePath.replace(/\/$/, "");
}

/**
 * A path as the endpoints know it.
 *
 * @param url - a path, perhaps with a query
 * @param basePath - as {@link checkBasePath} gave it
 * @returns undefined for what is not below the base path
 */
export function withoutBase(url: string, basePath: string): string | undefined {
  if (basePath === "") return url;
  if (!url.startsWith(basePath)) return undefined;
  const rest = url.slice(basePath.length);
  if (rest === "" || rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : undefined;
}

/**
 * The routes of the API's documentation: `/openapi.json`, and `/docs` for people. Everything behind them is loaded when it is
 * first asked for.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import { type HttpHeaders, splitTarget } from "../http/exchange.ts";
import { errorBody } from "../http/write-error.ts";
import type { OpenApiOptions } from "../openapi/document.ts";

/** What is used of a request; those of HTTP/1.1 and HTTP/2 both have it. */
export interface DocsRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: HttpHeaders;
}

/** What is used of a response; those of HTTP/1.1 and HTTP/2 both have it. */
export interface DocsResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: Uint8Array): unknown;
}

/** What the routes need. */
export interface ApiDocsOptions extends OpenApiOptions {
  /** Makes the `x-request-id` of an answer from the one the client offered. */
  requestId(offered: string | undefined): string;
}

/** The routes. */
export interface ApiDocs {
  /** @returns false when the path is none of these routes; else the request has been taken */
  handle(request: DocsRequest, response: DocsResponse): boolean;
}

interface Answer {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

type Route = (request: DocsRequest) => Promise<Answer>;

/** Makes the routes; they are public. */
export function createApiDocs(options: ApiDocsOptions): ApiDocs {
  let document: Promise<Answer> | undefined;
  const routes = new Map<string, Route>([
    [
      "/openapi.json",
      () => {
        document ??= documentAnswer(options);
        return document;
      },
    ],
    ["/docs", pageAnswer],
    ["/docs/", async () => ({ status: 308, headers: { location: "../docs" }, body: "" })],
    ["/docs/openapi-explorer.min.js", programAnswer],
  ]);
  return {
    handle(request, response) {
      const route = routes.get(splitTarget(request.url).path);
      if (!route) return false;
      const offered = request.headers["x-request-id"];
      response.setHeader(
        "x-request-id",
        options.requestId(typeof offered === "string" ? offered : undefined),
      );
      void answer(route, request, response);
      return true;
    },
  };
}

async function answer(route: Route, request: DocsRequest, response: DocsResponse): Promise<void> {
  const { method = "" } = request;
  try {
    if (method === "GET" || method === "HEAD") return write(response, await route(request));
    response.setHeader("allow", "GET, HEAD");
    throw new ProxyError("method_not_allowed", `${method} is not allowed here; use GET`);
  } catch (reason) {
    const error = ProxyError.from(reason);
    const headers = { "content-type": "application/json" };
    write(response, { status: error.status, headers, body: JSON.stringify(errorBody(error)) });
  }
}

function write(response: DocsResponse, { status = 200, headers, body }: Answer): void {
  const bytes = Buffer.from(body);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader("content-length", String(bytes.length));
  response.end(bytes);
}

async function documentAnswer(options: ApiDocsOptions): Promise<Answer> {
  const { openApiDocument } = await import("../openapi/document.ts");
  const headers = { "content-type": "application/json", "cache-control": "no-cache" };
  return { headers, body: Buffer.from(JSON.stringify(openApiDocument(options))) };
}

async function pageAnswer(): Promise<Answer> {
  const { docsPage, docsPolicy } = await import("./docs-page.ts");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "content-security-policy": docsPolicy,
  };
  return { headers, body: docsPage };
}

async function programAnswer({ headers }: DocsRequest): Promise<Answer> {
  const { readDocsProgram } = await import("./docs-page.ts");
  const isCompressed = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(
    String(headers["accept-encoding"] ?? ""),
  );
  return {
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=86400",
      vary: "accept-encoding",
      ...(isCompressed && { "content-encoding": "gzip" }),
    },
    body: await readDocsProgram(isCompressed),
  };
}

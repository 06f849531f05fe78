/**
 * The OpenAPI document of the server, from the registry and what is written by hand.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 * @module
 */

import type { RpcRegistry } from "@llmproxy/services";
import type { JsonObject } from "@llmproxy/spec";
import { createRoutes } from "../transcoding/routes.ts";
import { errorResponses, errorSchemas } from "./errors.ts";
import { llmPaths, llmTags } from "./llm-paths.ts";
import { llmSchemas } from "./llm-schemas.ts";
import { createMessageSchemas } from "./message-schemas.ts";
import { type OperationsPathsOptions, operationsPaths, operationsTags } from "./operations-paths.ts";
import { rpcPaths, rpcTags } from "./rpc-paths.ts";

/** What the document is made from. */
export interface OpenApiOptions extends OperationsPathsOptions {
  readonly registry: RpcRegistry;
  /** The version of the server. */
  readonly version: string;
  /** Where the server is reached; where the document comes from when absent. */
  readonly serverUrl?: string | undefined;
}

const keyHeaders = { xApiKey: "x-api-key", apiKey: "api-key", googleApiKey: "x-goog-api-key" };

const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key `sk-llp-…`, a token issued by a trusted issuer, or the management token.",
  },
  ...Object.fromEntries(
    Object.entries(keyHeaders).map(([scheme, name]) => [
      scheme,
      { type: "apiKey", in: "header", name, description: "The same in another header." },
    ]),
  ),
};

const description = `One port in front of every LLM.

Errors have a stable \`code\`, and the shape of the API they are answered on. Every answer carries \`x-request-id\`; answers
with status 429 and 503 say in \`retry-after\` when to try again.`;

const byHand = { ...errorSchemas, ...llmSchemas };

/** Makes the document. */
export function openApiDocument({
  registry,
  version,
  serverUrl,
  metricsPath,
  jwks,
}: OpenApiOptions): JsonObject {
  const { bindings } = createRoutes(registry);
  const schemas = createMessageSchemas({
    outputs: bindings.map(({ registered }) => registered.rpc.method.output),
    reserved: Object.keys(byHand),
  });
  const paths = { ...llmPaths, ...rpcPaths(bindings, schemas), ...operationsPaths({ metricsPath, jwks }) };
  return {
    openapi: "3.1.1",
    info: {
      title: "llmproxy",
      version,
      description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: serverUrl ?? "/" }],
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    tags: [...llmTags, ...rpcTags(bindings), ...operationsTags],
    paths,
    components: {
      securitySchemes,
      responses: errorResponses,
      schemas: { ...byHand, ...schemas.components() },
    },
  };
}

/**
 * Errors in the OpenAPI document.
 *
 * @module
 */

import { errorTable, type JsonObject } from "@llmproxy/spec";

const codes = Object.keys(errorTable);

/** Schemas of errors, in the shapes of the surfaces. */
export const errorSchemas: Readonly<Record<string, JsonObject>> = {
  Error: {
    type: "object",
    description: "Why a request failed.",
    properties: {
      error: { type: "string", description: "What happened and what would be right, for people." },
      code: { type: "string", enum: codes, description: "The same for programs; codes are stable." },
      description: { type: "string", description: "More about it." },
      field: { type: "string", description: "Path of the field that is wrong, e.g. `allowed_models[2]`." },
      reason: { type: "string", description: "A finer reason beside the code." },
    },
    required: ["error", "code"],
  },
  OpenAiError: {
    type: "object",
    description: "Why a request failed, in the shape of OpenAI's API.",
    properties: {
      error: {
        type: "object",
        properties: {
          message: { type: "string" },
          type: { type: "string" },
          param: { type: ["string", "null"] },
          code: { type: ["string", "null"] },
        },
        required: ["message", "type"],
      },
    },
    required: ["error"],
  },
  AnthropicError: {
    type: "object",
    description: "Why a request failed, in the shape of Anthropic's API.",
    properties: {
      type: { const: "error" },
      error: {
        type: "object",
        properties: { type: { type: "string" }, message: { type: "string" } },
        required: ["type", "message"],
      },
    },
    required: ["type", "error"],
  },
};

const retryAfter = {
  "retry-after": { description: "Seconds to wait at least.", schema: { type: "integer" } },
};

/** Answers with errors, by name. */
export const errorResponses: Readonly<Record<string, JsonObject>> = {
  InvalidRequest: errorResponse("The request is wrong.", {
    error: "name: expected a string",
    code: "invalid_request",
    field: "name",
  }),
  Unauthenticated: errorResponse("The credentials are missing or not valid.", {
    error: "the api key is not valid",
    code: "unauthenticated",
  }),
  PermissionDenied: errorResponse("The credentials do not allow this.", {
    error: "this needs the permission project:write",
    code: "permission_denied",
  }),
  NotFound: errorResponse("There is no such thing.", { error: "project not found", code: "not_found" }),
  LimitExceeded: {
    ...errorResponse("Too many requests, or a budget is used up.", {
      error: "too many requests",
      code: "limit_exceeded",
    }),
    headers: retryAfter,
  },
  Unavailable: {
    ...errorResponse("The server cannot answer now.", {
      error: "the server is shutting down",
      code: "unavailable",
    }),
    headers: retryAfter,
  },
  Failure: errorResponse("Something else went wrong.", { error: "internal error", code: "internal" }),
};

/** References to the answers an RPC may give instead of a success. */
export function errorReferences(needsCredentials: boolean): JsonObject {
  const names = {
    "400": "InvalidRequest",
    ...(needsCredentials && { "401": "Unauthenticated", "403": "PermissionDenied" }),
    "404": "NotFound",
    ...(needsCredentials && { "429": "LimitExceeded", "503": "Unavailable" }),
    default: "Failure",
  };
  return Object.fromEntries(
    Object.entries(names).map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
  );
}

function errorResponse(description: string, example: JsonObject): JsonObject {
  return {
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" }, example } },
  };
}

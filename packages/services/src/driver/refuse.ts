/**
 * Answers to requests that do not get as far as an RPC.
 *
 * @module
 */

import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { ProxyError } from "@llmproxy/spec";
import { connectCode } from "./connect-error.ts";

/** What is used of a request; those of HTTP/1.1 and HTTP/2 both have it. */
export interface RefusedRequest {
  readonly headers: Record<string, string | string[] | undefined>;
}

/** What is used of a response; those of HTTP/1.1 and HTTP/2 both have it. */
export interface RefusedResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** The media type to answer a gRPC client with; the longer name first. */
const grpcTypes = ["application/grpc-web", "application/grpc"] as const;

/** Answers in the protocol the client speaks: a status in the headers for gRPC, JSON for everybody else. */
export function refuseRequest(request: RefusedRequest, response: RefusedResponse, error: ProxyError): void {
  const contentType = request.headers["content-type"] ?? "";
  const grpcType = grpcTypes.find((type) => contentType.includes(type));
  if (grpcType) {
    response.statusCode = 200;
    response.setHeader("content-type", grpcType);
    response.setHeader("grpc-status", String(connectCode(error)));
    response.setHeader("grpc-message", percentEncode(error.message));
    response.end("");
    return;
  }
  response.statusCode = error.status;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ code: codeToString(connectCode(error)), message: error.message }));
}

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Percent-Encoded) */
function percentEncode(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/gu, encodeURIComponent);
}

/**
 * An RPC as a call to a model: how it enters the core's pipeline.
 *
 * @module
 */

import { type ChatRequest, ProxyError } from "@llmproxy/spec";
import type { RpcContext } from "./rpc-context.ts";
import type { CallInput, ServicesCore } from "./services-core.ts";

/** Why a call is refused that names no model on a server without a default one. */
export const noModelReason = "no_model";

/** Refused calls are not looked into. */
const noChat: ChatRequest = { model: "", messages: [], sampling: {}, stream: false, includeUsage: false };

/** What the pipeline is told of an RPC beside its chat request. */
export function callOf(context: RpcContext): Omit<CallInput, "chat"> {
  const { requestId, endpoint, credentials, clientAddress, traceparent, signal } = context;
  return {
    requestId,
    endpoint,
    credentials,
    ...(clientAddress !== undefined && { clientAddress }),
    ...(traceparent !== undefined && { traceparent }),
    signal,
  };
}

/**
 * Sends a refusal down the pipeline, so that it is counted and logged where all others are.
 *
 * @throws the refusal, or what the pipeline says instead
 */
export async function refuseCall(
  core: ServicesCore,
  refusal: ProxyError,
  context: RpcContext,
): Promise<never> {
  const reply = await core.handle({ ...callOf(context), refusal, chat: noChat });
  reply.cancel(refusal);
  throw refusal;
}

/**
 * The model a call asks for: the one it names, else the server's default.
 *
 * @param field - where the message names a model
 * @throws `invalid_request` with the reason `no_model` when there is neither
 */
export function modelOrDefault(
  core: ServicesCore,
  context: RpcContext,
  named: string | undefined,
  field: string,
): string {
  const model = named || core.operations.server.info(context.principal).defaultModel;
  if (model) return model;
  throw new ProxyError("invalid_request", "no model was named and the server has no default model", {
    field,
    reason: noModelReason,
  });
}

/** Passes on what the headers of a reply tell of the call; the rest of them are of its body. */
export function passHeaders(headers: Readonly<Record<string, string>>, context: RpcContext): void {
  for (const [name, value] of Object.entries(headers))
    if (/^x-(llmproxy|ratelimit)-/.test(name)) context.responseHeaders.set(name, value);
}

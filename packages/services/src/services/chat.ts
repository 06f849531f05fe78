/**
 * `ChatService`: conversations to chat requests, replies to answers. What cannot be answered is a status, also in
 * the middle of a stream.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Chat,
  ChatService,
  type CompleteResponseSchema,
  type StreamCompleteResponseSchema,
} from "@llmproxy/proto";
import { type ChatRequest, ProxyError } from "@llmproxy/spec";
import { type Answer, openAnswer } from "../answer.ts";
import { callOf, modelOrDefault, passHeaders, refuseCall } from "../call.ts";
import { readChat } from "../mapping/chat.ts";
import { collectAnswer } from "../mapping/chat-answer.ts";
import { chatError } from "../mapping/chat-error.ts";
import { pieceMessage } from "../mapping/chat-part.ts";
import { expected } from "../mapping/expected.ts";
import { usageMessage } from "../mapping/usage.ts";
import { type Rpc, type RpcAccess, serverStream, unary } from "../rpc.ts";
import type { RpcContext } from "../rpc-context.ts";
import type { ServicesCore } from "../services-core.ts";

/** The RPCs of `ChatService`. */
export function chatRpcs(core: ServicesCore): readonly Rpc[] {
  const { complete, streamComplete } = ChatService.method;
  const call: RpcAccess = {
    kind: "call",
    refuse: (refusal, context) => refuseCall(core, refusal, context),
  };
  return [
    unary(call, complete, ({ chat }, context) => answerWhole(core, chat, context)),
    serverStream(call, streamComplete, ({ chat }, context) => answerInPieces(core, chat, context)),
  ];
}

async function answerWhole(
  core: ServicesCore,
  chat: Chat | undefined,
  context: RpcContext,
): Promise<MessageInitShape<typeof CompleteResponseSchema>> {
  const answer = await ask(core, await requestOf(core, chat, context, false), context);
  try {
    const { model, ...whole } = await collectAnswer(answer.parts());
    const { facts } = answer;
    const counted = facts.usage && { usage: usageMessage(facts.usage) };
    return { ...counted, ...whole, model: model || facts.model };
  } finally {
    answer.close();
  }
}

/** Where the vendor told no usage, what the server counted comes last. */
async function* answerInPieces(
  core: ServicesCore,
  chat: Chat | undefined,
  context: RpcContext,
): AsyncGenerator<MessageInitShape<typeof StreamCompleteResponseSchema>> {
  const answer = await ask(core, await requestOf(core, chat, context, true), context);
  try {
    let hasUsage = false;
    for await (const part of answer.parts()) {
      const piece = pieceMessage(part);
      if (piece) yield { part: piece };
      hasUsage ||= part.type === "usage";
    }
    const { usage } = answer.facts;
    if (usage && !hasUsage) yield { part: { case: "usage", value: usageMessage(usage) } };
  } finally {
    answer.close();
  }
}

/** @throws what is wrong with the conversation, which the pipeline refuses */
async function requestOf(
  core: ServicesCore,
  chat: Chat | undefined,
  context: RpcContext,
  stream: boolean,
): Promise<ChatRequest> {
  try {
    if (!chat) throw expected("chat", "a conversation");
    return readChat(chat, modelOrDefault(core, context, chat.model, "chat.model"), stream);
  } catch (reason) {
    if (!ProxyError.is(reason)) throw reason;
    return await refuseCall(core, reason, context);
  }
}

/** @throws `ProxyError` when there is no answer */
async function ask(core: ServicesCore, chat: ChatRequest, context: RpcContext): Promise<Answer> {
  try {
    const answer = await openAnswer(core, { ...callOf(context), chat });
    passHeaders(answer.headers, context);
    return answer;
  } catch (reason) {
    throw ProxyError.is(reason) ? chatError(reason, chat) : reason;
  }
}

/**
 * Three stages, each of a few lines: the first refuses, the second rewrites, the third redirects.
 *
 * @module
 */

import { type ChatMessage, ProxyError, type Stage } from "@llmproxy/core";

/**
 * Lets every caller have a few calls at a time. Stands behind `admit`: the caller is known, and no body has been
 * read for a call that is refused.
 */
export function limitCallers(maxCalls: number): Stage {
  const running = new Map<string, number>();
  return (next) => async (call) => {
    const caller = call.principal?.id ?? "";
    const calls = running.get(caller) ?? 0;
    if (calls >= maxCalls)
      throw new ProxyError("limit_exceeded", `at most ${maxCalls} calls at a time`, { retryAfterMs: 1000 });
    running.set(caller, calls + 1);
    const release = (): void => {
      const left = (running.get(caller) ?? 1) - 1;
      if (left > 0) running.set(caller, left);
      else running.delete(caller);
    };
    try {
      const reply = await next(call);
      // Exactly once, however the answer ends: finished, left by its reader, or cut.
      reply.onEnd(release);
      return reply;
    } catch (reason) {
      release();
      throw reason;
    }
  };
}

/** Keeps what a pattern finds in texts from the vendors. Stands around `route`: the request has been read. */
export function redact(pattern: RegExp, replacement: string): Stage {
  const redacted = (message: ChatMessage): ChatMessage => ({
    ...message,
    content: message.content.map((content) =>
      content.type === "text" ? { ...content, text: content.text.replaceAll(pattern, replacement) } : content,
    ),
  });
  return (next) => (call) => {
    const { request } = call;
    if (request)
      call.request = {
        ...request,
        chat: { ...request.chat, messages: request.chat.messages.map(redacted) },
      };
    return next(call);
  };
}

/** Sends the requests for one model elsewhere when they are long. */
export function sendLongOnes(model: string, elsewhere: string, fromCharacters: number): Stage {
  return (next) => (call) => {
    const { request } = call;
    if (request?.model === model && lengthOf(request.chat.messages) >= fromCharacters)
      call.request = { ...request, model: elsewhere };
    return next(call);
  };
}

function lengthOf(messages: readonly ChatMessage[]): number {
  const contents = messages.flatMap(({ content }) => content);
  return contents.reduce((sum, content) => sum + (content.type === "text" ? content.text.length : 0), 0);
}

/**
 * Replies a test scripts.
 *
 * @module
 */

import type { Part, PartsReply, ProxyError, ReplyEnd } from "@llmproxy/spec";

/** What comes next: a part, a failure, or something to wait for. */
export type Step = Part | Error | Promise<unknown>;

/** A reply whose cancellation a test can see. */
export interface FakeReply extends PartsReply {
  /** Why it was canceled; undefined while it is not, and for ever when it ended by itself. */
  readonly canceledBy: ProxyError | undefined;
}

/** Makes a reply that says its steps in order; canceling it ends it at once, also while it waits. */
export function fakeReply(steps: readonly Step[], headers: Record<string, string> = {}): FakeReply {
  const listeners: ((end: ReplyEnd) => void)[] = [];
  const canceled = Promise.withResolvers<never>();
  canceled.promise.catch(() => undefined);
  let canceledBy: ProxyError | undefined;
  let ended: ReplyEnd | undefined;
  const end = (how: ReplyEnd): void => {
    if (ended) return;
    ended = how;
    for (const listener of listeners) listener(how);
  };
  async function* say(): AsyncGenerator<Part> {
    for (const step of steps) {
      if (step instanceof Promise) await Promise.race([step, canceled.promise]);
      else if (step instanceof Error) throw step;
      else yield step;
      if (canceledBy) throw canceledBy;
    }
    end({ outcome: "finished" });
  }
  return {
    form: "parts",
    status: 200,
    headers,
    stream: true,
    parts: say(),
    onEnd(listener) {
      if (ended) listener(ended);
      else listeners.push(listener);
    },
    cancel(reason) {
      if (ended) return;
      canceledBy = reason;
      canceled.reject(reason);
      end({ outcome: "canceled", error: reason });
    },
    get canceledBy() {
      return canceledBy;
    },
  };
}

/** Parts of an ordinary answer. */
export function textParts(...texts: string[]): Part[] {
  return [
    { type: "start", id: "answer-1", model: "vendor-model-2026" },
    ...texts.map((text): Part => ({ type: "text-delta", choice: 0, text })),
    { type: "finish", choice: 0, reason: "stop" },
    {
      type: "usage",
      usage: {
        inputTokens: 10,
        cacheReadTokens: 4,
        cacheWriteTokens: 0,
        cacheWriteHourTokens: 0,
        audioInputTokens: 0,
        outputTokens: 3,
        reasoningTokens: 2,
        audioOutputTokens: 0,
        estimated: false,
      },
    },
  ];
}

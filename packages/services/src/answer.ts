/**
 * A reply being read by a handler.
 *
 * @module
 */

import { type Part, ProxyError, type Usage } from "@llmproxy/spec";
import type { CallInput, ServicesCore } from "./services-core.ts";

/** What is known about an answer; complete when its texts have been read. */
export interface AnswerFacts {
  /** The model that answers, as its vendor names it. */
  model: string;
  /** What was used; absent when the upstream told nothing. */
  usage?: Usage;
}

/** An answer being read. Whoever holds it calls `close` in the end. */
export interface Answer {
  /** Headers of the reply that may be passed on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly facts: AnswerFacts;
  /**
   * The parts as they are; of the facts only the usage at their end is taken note of. Iterated at most once, these or
   * the texts; throws a `ProxyError` when the answer is cut.
   */
  parts(): AsyncIterable<Part>;
  /** The pieces of the text, none of them empty. Iterated at most once; throws a `ProxyError` when the answer is cut. */
  texts(): AsyncIterable<string>;
  /** Releases what is held upstream; does nothing after the end. */
  close(): void;
}

/**
 * Asks the core. From now on the answer is canceled as soon as the call's signal aborts.
 *
 * @throws `ProxyError` when there is no answer
 */
export async function openAnswer(core: ServicesCore, call: CallInput): Promise<Answer> {
  const reply = await core.handle(call);
  const { signal } = call;
  const facts: AnswerFacts = { model: call.chat.model };
  const onAbort = (): void => reply.cancel(ProxyError.from(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  reply.onEnd(({ usage }) => {
    if (usage) facts.usage = usage;
  });
  return {
    headers: reply.headers,
    facts,
    parts: () => core.parts(reply),
    texts: () => readTexts(core.parts(reply), facts),
    close() {
      signal.removeEventListener("abort", onAbort);
      reply.cancel(new ProxyError("canceled", "the answer is not wanted any more"));
    },
  };
}

async function* readTexts(parts: AsyncIterable<Part>, facts: AnswerFacts): AsyncGenerator<string> {
  for await (const part of parts) {
    const text = textOf(part);
    if (text !== "") yield text;
    else if (part.type === "start" && part.model !== "") facts.model = part.model;
    else if (part.type === "usage") facts.usage = part.usage;
  }
}

/** What a refusal says is text too. Only one answer is asked for, but a vendor may send more. */
function textOf(part: Part): string {
  const isText = part.type === "text-delta" || part.type === "refusal-delta";
  return isText && part.choice === 0 ? part.text : "";
}

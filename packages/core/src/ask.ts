/**
 * Asking a model from inside the process, without HTTP.
 *
 * @module
 */

import {
  type ChatMessage,
  type ChatRequest,
  type Content,
  type MessageRole,
  type Part,
  type Principal,
  ProxyError,
  type Reply,
} from "@llmproxy/spec";
import type { ChatCall } from "./create-llm-proxy.ts";

/** A turn of the conversation; plain text may be given as it is. */
export interface AskMessage extends Omit<ChatMessage, "content"> {
  readonly content: string | readonly Content[];
}

/** A conversation and how to answer it. */
export interface AskOptions extends Partial<Omit<ChatRequest, "messages" | "stream" | "includeUsage">> {
  /** The turns so far, oldest first; at least one. */
  readonly messages: readonly AskMessage[];
  /** Ends the call, also upstream. */
  readonly signal?: AbortSignal;
  /** The request's id, for logs; made when absent. */
  readonly requestId?: string;
}

/** How a conversation is run through the pipeline. */
export interface AskPorts {
  handle(call: ChatCall): Promise<Reply>;
  parts(reply: Reply): AsyncIterableIterator<Part>;
  defaultModel(): string | undefined;
}

const roles: ReadonlySet<string> = new Set<MessageRole>(["system", "developer", "user", "assistant", "tool"]);

/** Code in the process is trusted: it could as well call the providers itself. */
const application: Principal = { kind: "application", id: "application", roles: ["key"] };

/**
 * The answer, part by part. The call begins with the first `next`; leaving early ends it, also upstream.
 *
 * An iterator by hand: a generator that has not started would not notice that its reader left.
 */
export class Asked implements AsyncIterableIterator<Part, undefined> {
  readonly #ask: () => Promise<AsyncIterableIterator<Part>>;
  readonly #leaving = new AbortController();
  #parts: Promise<AsyncIterableIterator<Part>> | undefined;
  #hasLeft = false;

  /** @throws `invalid_request` naming the field that is wrong */
  constructor(options: AskOptions, ports: AskPorts) {
    const chat = chatOf(options, ports.defaultModel());
    const { signal, requestId } = options;
    const ended = AbortSignal.any([this.#leaving.signal, ...(signal ? [signal] : [])]);
    this.#ask = async () => {
      const reply = await ports.handle({
        chat,
        endpoint: "in-process",
        credentials: { kind: "none" },
        principal: application,
        requestId,
        signal: ended,
      });
      return ports.parts(reply);
    };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Part, undefined>> {
    if (this.#hasLeft) return { done: true, value: undefined };
    this.#parts ??= this.#ask();
    const parts = await this.#parts;
    return parts.next();
  }

  async return(): Promise<IteratorResult<Part, undefined>> {
    this.#hasLeft = true;
    this.#leaving.abort(new ProxyError("canceled", "the reader left"));
    // A call that was still on its way has been aborted; one that answered is told that nobody reads.
    await this.#parts?.then((parts) => parts.return?.()).catch(() => {});
    return { done: true, value: undefined };
  }
}

function chatOf(options: AskOptions, defaultModel: string | undefined): ChatRequest {
  const {
    messages,
    signal: _signal,
    requestId: _requestId,
    model = defaultModel,
    sampling = {},
    ...rest
  } = options;
  if (typeof model !== "string" || model === "") throw expected("model", "the name of a model");
  if (!Array.isArray(messages) || messages.length === 0) throw expected("messages", "at least one message");
  return { ...rest, model, sampling, messages: messages.map(messageOf), stream: true, includeUsage: true };
}

function messageOf(message: AskMessage, index: number): ChatMessage {
  const field = `messages[${index}]`;
  if (!roles.has(message.role)) throw expected(`${field}.role`, [...roles].join(", "));
  const { content } = message;
  if (typeof content === "string") return { ...message, content: [{ type: "text", text: content }] };
  if (!Array.isArray(content)) throw expected(`${field}.content`, "text or a list of content");
  return { ...message, content };
}

function expected(field: string, what: string): ProxyError {
  return new ProxyError("invalid_request", `${field}: expected ${what}`, { field });
}

/**
 * Calls of any service: tried, tried again, at one server or another.
 *
 * @module
 */

import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../clock.ts";
import { LlmProxyError } from "../error.ts";
import { CallScope } from "./call-scope.ts";
import { readFailure } from "./failure.ts";
import { randomId } from "./random.ts";
import { isModelCall, type RetryPolicy, type Situation } from "./retry.ts";
import { ServerStream } from "./server-stream.ts";
import type { Server, Servers } from "./servers.ts";
import type { TokenSource } from "./token-source.ts";

/** What a caller works with. */
export interface CallerOptions {
  readonly servers: Servers;
  readonly tokens: TokenSource;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds a call may take that names no time of its own; unlimited when 0. */
  readonly timeoutMs: number;
}

/** One try at one server. */
type Try<T> = (server: Server, headers: Headers) => Promise<T>;

/** Makes calls. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #calls = new Set<CallScope>();
  #isClosed = false;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * Calls a method that answers once.
   *
   * @throws `LlmProxyError`
   */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const scope = this.#begin(method, options);
    try {
      const response = await this.#attempt(method, scope, options, (server, headers) =>
        server.transport.unary(
          method,
          scope.signal,
          scope.remainingMs(),
          headers,
          input,
          options.contextValues,
        ),
      );
      options.onHeader?.(response.header);
      options.onTrailer?.(response.trailer);
      return response.message;
    } finally {
      scope.end();
    }
  }

  /** Calls a method that answers with a stream; it is called when the first message is asked for. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    input: MessageInitShape<I>,
    options: CallOptions = {},
  ): ServerStream<O> {
    return new ServerStream<O>({
      begin: () => this.#begin(method, options),
      open: (scope) =>
        this.#attempt(method, scope, options, async (server, headers) => {
          const { contextValues, onHeader } = options;
          const { transport } = server;
          const once = single(input);
          const timeoutMs = scope.remainingMs();
          const response = await transport.stream(
            method,
            scope.signal,
            timeoutMs,
            headers,
            once,
            contextValues,
          );
          const messages = response.message[Symbol.asyncIterator]();
          const first = await messages.next();
          onHeader?.(response.header);
          return { first, messages, trailer: response.trailer };
        }),
      onTrailer: options.onTrailer,
    });
  }

  /** Breaks off every call there is; later ones fail. */
  close(): void {
    this.#isClosed = true;
    for (const scope of [...this.#calls]) scope.cancel("the client was closed");
  }

  #begin(method: DescMethod, { signal, timeoutMs, headers }: CallOptions): CallScope {
    if (this.#isClosed) throw new LlmProxyError("canceled", "the client was closed");
    const scope = new CallScope({
      clock: this.#options.clock,
      signal,
      timeoutMs: limitOf(timeoutMs ?? (isLasting(method) ? undefined : this.#options.timeoutMs)),
      requestId: new Headers(headers).get("x-request-id") ?? randomId(),
      onEnd: (ended) => this.#calls.delete(ended),
    });
    this.#calls.add(scope);
    return scope;
  }

  /** @throws `LlmProxyError` of the last try, or of what ended the call */
  async #attempt<T>(method: DescMethod, scope: CallScope, { headers }: CallOptions, run: Try<T>): Promise<T> {
    const { servers } = this.#options;
    for (let tries = 1; ; tries++) {
      const server = servers.pick();
      try {
        const result = await this.#authenticated(server, scope, headers, run);
        servers.succeeded(server);
        return result;
      } catch (reason) {
        if (scope.signal.aborted) throw scope.signal.reason;
        const failure = readFailure(reason, scope.requestId);
        if (failure.isOfServer) servers.failed(server);
        else servers.succeeded(server);
        await this.#pause(scope, { method, failure, tries });
      }
    }
  }

  /** @throws `LlmProxyError` when the call is not tried again */
  async #pause(scope: CallScope, situation: Omit<Situation, "changesServer">): Promise<void> {
    const { servers, retry } = this.#options;
    const { error, isOfServer } = situation.failure;
    const changesServer = isOfServer && servers.hasAwake();
    const delayMs = retry.delayMs({ ...situation, changesServer }, servers.count);
    // A wait beyond the deadline would end in the same failure, only later and under another name.
    if (delayMs === undefined || delayMs >= (scope.remainingMs() ?? Number.POSITIVE_INFINITY)) throw error;
    if (delayMs > 0) await scope.sleep(delayMs);
  }

  /** A token the server does not accept may have expired: with another one it is tried once more. */
  async #authenticated<T>(
    server: Server,
    scope: CallScope,
    more: CallOptions["headers"],
    run: Try<T>,
  ): Promise<T> {
    const { tokens } = this.#options;
    const token = await scope.during(tokens.current());
    try {
      return await run(server, this.#headers(scope, token, more));
    } catch (reason) {
      if (token === undefined || ConnectError.from(reason).code !== Code.Unauthenticated) throw reason;
      const other = await scope.during(tokens.instead(token));
      if (other === undefined) throw reason;
      return await run(server, this.#headers(scope, other, more));
    }
  }

  #headers(scope: CallScope, token: string | undefined, more: CallOptions["headers"]): Headers {
    const headers = new Headers(this.#options.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    for (const [name, value] of new Headers(more)) headers.set(name, value);
    headers.set("x-request-id", scope.requestId);
    return headers;
  }
}

/** The longest time a timer and the protocols can tell: more than three weeks. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Nothing, or less, or more than can be told, is no limit: so say Connect's own call options. */
function limitOf(timeoutMs: number | undefined): number | undefined {
  const isLimit = timeoutMs !== undefined && timeoutMs > 0 && timeoutMs <= longestTimeoutMs;
  return isLimit ? timeoutMs : undefined;
}

/** Watching goes on until somebody stops it; a model's answer ends. */
function isLasting(method: DescMethod): boolean {
  return method.methodKind !== "unary" && !isModelCall(method);
}

async function* single<T>(message: T): AsyncGenerator<T> {
  yield message;
}

/**
 * A programmable HTTP server that stands for a provider. It is a real server on a real port, so that the
 * code under test runs with the sockets, the HTTP parser and the back-pressure it meets in production.
 *
 * @module
 */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Clock, systemClock } from "@llmproxy/spec";
import { type AnswerScript, jsonAnswer } from "./answer.ts";
import { type ReceivedRequest, RequestRecord } from "./received-request.ts";
import { sendAnswer } from "./send-answer.ts";

/** How a fake upstream is made. */
export interface FakeUpstreamOptions {
  /** What delays run on; default the system's clock. */
  readonly clock?: Clock;
}

/** A running fake upstream. */
export interface FakeUpstream extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** The port of `url`. */
  readonly port: number;
  /** Every request so far, in the order their headers came. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were accepted so far. */
  readonly connections: number;
  /** How many of them are open. */
  readonly openConnections: number;
  /**
   * Says what the next requests are answered, in turn; the last script stays for all that follow. Replaces
   * what was said before. Without any script every request is answered with a 500.
   */
  respond(...scripts: readonly [AnswerScript, ...AnswerScript[]]): void;
  /**
   * Waits for a request.
   *
   * @param number - which one; the first is 1
   * @returns the request, read completely or left by the client
   * @throws Error when the upstream closes before
   */
  waitForRequest(number?: number): Promise<ReceivedRequest>;
  /**
   * Waits for the end of a request's exchange: its answer is complete, its scripted fault has closed the
   * connection, or the client has left.
   *
   * @param number - which one; the first is 1
   * @throws Error when the upstream closes before
   */
  waitForClose(number?: number): Promise<ReceivedRequest>;
  /** Closes every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a fake upstream on a free port of 127.0.0.1.
 *
 * @example
 * ```ts
 * import { createFakeUpstream, openaiChat } from "@llmproxy/testing";
 *
 * await using upstream = await createFakeUpstream();
 * upstream.respond(openaiChat({ text: "Hello", fault: { kind: "cut", afterBytes: 200 } }));
 * ```
 */
export async function createFakeUpstream(options: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
  const upstream = new HttpFakeUpstream(options.clock ?? systemClock);
  await upstream.listen();
  return upstream;
}

const noScript = (): never => {
  throw new Error("no answer has been scripted");
};

// Requests may carry as large headers as a test likes.
const maxRequestHeaderBytes = 1 << 20;

class HttpFakeUpstream implements FakeUpstream {
  url = "";
  port = 0;
  connections = 0;
  openConnections = 0;
  readonly requests: RequestRecord[] = [];
  readonly #clock: Clock;
  readonly #server = createServer({ maxHeaderSize: maxRequestHeaderBytes });
  readonly #closing = new AbortController();
  readonly #connectionNumbers = new WeakMap<Socket, number>();
  readonly #waiting = new Set<() => void>();
  #scripts: readonly AnswerScript[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#server.keepAliveTimeout = 0;
    this.#server.on("connection", (socket) => this.#count(socket));
    this.#server.on("request", (incoming, response) => void this.#answer(incoming, response));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  respond(...scripts: readonly AnswerScript[]): void {
    this.#scripts = scripts;
  }

  waitForRequest(number = 1): Promise<ReceivedRequest> {
    return this.#wait(number, "came", (record) => record.isRead || record.isClosed);
  }

  waitForClose(number = 1): Promise<ReceivedRequest> {
    return this.#wait(number, "was closed", (record) => record.isClosed);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error("the fake upstream was closed"));
    this.#changed();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #count(socket: Socket): void {
    this.connections++;
    this.openConnections++;
    this.#connectionNumbers.set(socket, this.connections);
    socket.once("close", () => {
      this.openConnections--;
    });
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = new RequestRecord(incoming, this.#connectionNumbers.get(incoming.socket) ?? 0);
    this.requests.push(record);
    const script = this.#nextScript();
    const gone = this.#watch(record, response);
    const signal = AbortSignal.any([gone, this.#closing.signal]);
    try {
      await readBody(incoming, record);
      record.isRead = true;
      this.#changed();
      const answer = typeof script === "function" ? await script(record) : script;
      const { signal: closing } = this.#closing;
      await sendAnswer({ response, record, clock: this.#clock, gone: signal, closing }, answer);
    } catch (error) {
      if (!response.headersSent && !signal.aborted) refuse(response, record, error);
      else response.destroy();
    }
  }

  /** Tells when the exchange is over, in whichever way. */
  #watch(record: RequestRecord, response: ServerResponse): AbortSignal {
    const gone = new AbortController();
    response.once("close", () => {
      record.isAborted = !response.writableFinished && !record.hasFailed && !this.#closing.signal.aborted;
      record.isClosed = true;
      gone.abort(new Error("the client left"));
      this.#changed();
    });
    return gone.signal;
  }

  #nextScript(): AnswerScript {
    const [script = noScript, ...rest] = this.#scripts;
    if (rest.length > 0) this.#scripts = rest;
    return script;
  }

  #wait(number: number, what: string, isDone: (record: RequestRecord) => boolean): Promise<ReceivedRequest> {
    const { promise, resolve, reject } = Promise.withResolvers<ReceivedRequest>();
    const look = (): void => {
      const record = this.requests[number - 1];
      if (record && isDone(record)) resolve(record);
      else if (this.#closing.signal.aborted)
        reject(
          new Error(`the upstream closed before request ${number} ${what}; ${this.requests.length} came`),
        );
      else return;
      this.#waiting.delete(look);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}

async function readBody(incoming: IncomingMessage, record: RequestRecord): Promise<void> {
  for await (const chunk of incoming) record.body = Buffer.concat([record.body, chunk]);
}

/** Shows a broken script in the answer, where the test that wrote it will look. */
function refuse(response: ServerResponse, record: RequestRecord, error: unknown): void {
  const message = `fake upstream: ${record.method} ${record.path}: ${error instanceof Error ? error.message : error}`;
  const { body } = jsonAnswer({ error: { message, type: "fake_upstream_error" } });
  response.writeHead(500, { "content-type": "application/json" }).end(body);
}

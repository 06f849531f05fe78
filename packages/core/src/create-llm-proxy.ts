/**
 * The assembled proxy.
 *
 * @module
 */

import { anonymousAuthenticator } from "@llmproxy/auth";
import { type Collected, collect, dialects, partsOf } from "@llmproxy/proxy-core";
import { createShield, type Shield } from "@llmproxy/ratelimit";
import {
  type ChatRequest,
  type Clock,
  type Logger,
  type Part,
  type Reply,
  type ReplyBase,
  silentLogger,
  silentMeter,
  systemClock,
} from "@llmproxy/spec";
import { Asked, type AskOptions } from "./ask.ts";
import { alreadyRead, type CallOptions, createCall } from "./create-call.ts";
import { checkBasePath } from "./http/base-path.ts";
import type { ClientAddress } from "./http/client-address.ts";
import { createCors } from "./http/cors.ts";
import { createFetchHandler, type FetchHandler } from "./http/fetch-handler.ts";
import { type HttpSettings, httpSettings } from "./http/http-settings.ts";
import { llmHeaders } from "./http/llm-headers.ts";
import { createLlmHttp, type LlmHttp } from "./http/llm-http.ts";
import { createNodeHandler, type NodeHandler } from "./http/node-handler.ts";
import { withCors } from "./http/with-cors.ts";
import { createModelRouting, type ModelRouting, type PreparedUpdate } from "./model-routing.ts";
import { createServerOperations, type ServerOperations } from "./operations/server.ts";
import type { LlmProxyOptions, LlmProxyUpdate } from "./options.ts";
import {
  type Collaborators,
  controlPipeline,
  llmPipeline,
  requestPipeline,
  strayPipeline,
} from "./pipeline.ts";
import { withSecrets } from "./with-secrets.ts";

/** A chat request from inside the process, with the identity of who asks. */
export interface ChatCall extends Omit<CallOptions, "permission" | "read"> {
  readonly chat: ChatRequest;
}

/** The assembled proxy. */
export interface LlmProxy {
  /**
   * The LLM endpoints as middleware: `app.use("/llm", proxy.node)` in Express and Connect, `createServer(proxy.node)`
   * in `node:http`.
   */
  readonly node: NodeHandler;
  /** The LLM endpoints as a function of the Fetch API: `export const POST = proxy.fetch`. */
  readonly fetch: FetchHandler;
  /**
   * Asks a model in process. The call begins when the result is iterated, and ends when that is left.
   *
   * @throws `invalid_request` at once for a wrong field; the iterator throws what the call fails with
   */
  stream(options: AskOptions): AsyncIterableIterator<Part, undefined>;
  /** Asks a model in process and collects the answer. @throws `ProxyError` when there is none, or not a whole one */
  complete(options: AskOptions): Promise<Collected>;
  /** Runs a chat request through the same path as every other; the reply's headers tell what was done. @throws `ProxyError` when there is no answer */
  handle(call: ChatCall): Promise<Reply>;
  /** The parts of a reply, whichever form it has. */
  parts(reply: Reply): AsyncIterableIterator<Part>;
  /** The LLM endpoints for a server that has other surfaces beside: no base path, no CORS. */
  readonly http: LlmHttp;
  /** Whose request it is, behind the proxies that are trusted. */
  readonly clientAddress: ClientAddress;
  readonly server: ServerOperations;
  /**
   * Replaces who answers which model, from the next call on. Calls in flight end where they began.
   *
   * @throws `invalid_request` naming the option that is wrong; nothing has changed then
   */
  update(update: LlmProxyUpdate): void;
  /** The same in two steps, for who changes other things with it. @throws as {@link LlmProxy.update} */
  prepare(update: LlmProxyUpdate): PreparedUpdate;
  /** Stops background work and closes idle upstream connections. Calls in flight go on. */
  close(): Promise<void>;
}

/**
 * Assembles a proxy. Nothing is connected before the first call, except that providers are asked for their models.
 *
 * @throws `invalid_request` naming the option that is wrong
 *
 * @example
 * ```ts
 * import { createLlmProxy } from "@llmproxy/core";
 *
 * const proxy = await createLlmProxy({ providers: [{ name: "echo", kind: "echo" }] });
 * const { choices } = await proxy.complete({ model: "echo", messages: [{ role: "user", content: "Hello" }] });
 * choices[0].text; // "Hello"
 * await proxy.close();
 * ```
 */
export async function createLlmProxy(options: LlmProxyOptions): Promise<LlmProxy> {
  const { clock = systemClock, logger = silentLogger } = options;
  const basePath = checkBasePath(options.http?.basePath ?? "");
  let settings = httpSettings(options.http);
  const routing = createModelRouting(withSecrets(options), { clock, logger });
  const use = collaborators(options, clock, logger);
  const clientAddress: ClientAddress = (request) => settings.clientAddress(request);
  const server = serverOperations(options.version, routing);
  const callModel = llmPipeline(use, routing.route);
  const http = createLlmHttp({
    ...{ clock, logger, callModel, clientAddress, server, stallMs: settings.stallMs },
    maxBodyBytes: () => settings.maxBodyBytes,
    defaultModel: routing.defaultModel,
    countTokens: routing.countTokens,
    requestPath: requestPipeline(use),
    controlPath: controlPipeline(use),
    strayPath: strayPipeline(use),
  });
  const handle = inProcess(callModel, { clock, logger });
  const parts = (reply: Reply): AsyncIterableIterator<Part> => partsOf(reply, dialects);
  const stream = (ask: AskOptions): AsyncIterableIterator<Part, undefined> =>
    new Asked(ask, { handle, parts, defaultModel: routing.defaultModel });
  const prepare = (update: LlmProxyUpdate): PreparedUpdate => {
    const next: HttpSettings = httpSettings({ ...options.http, ...update.http });
    const models = routing.prepare(withSecrets(update));
    return {
      commit() {
        models.commit();
        settings = next;
      },
      discard: models.discard,
    };
  };
  const open = withCors(
    http,
    createCors(() => settings.cors),
  );
  return {
    node: createNodeHandler(open, basePath),
    fetch: createFetchHandler(open, basePath, clock),
    stream,
    complete: async (ask) => collect(stream(ask)),
    handle,
    parts,
    http,
    clientAddress,
    server,
    update: (update) => prepare(update).commit(),
    prepare,
    close: () => close(routing, use.shield),
  };
}

function serverOperations(version = "0.0.0", routing: ModelRouting): ServerOperations {
  return createServerOperations({
    version,
    defaultModel: routing.defaultModel,
    models: routing.models,
    resolve: routing.resolve,
  });
}

function inProcess(
  callModel: ReturnType<typeof llmPipeline>,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): LlmProxy["handle"] {
  return async (call) => {
    const { chat } = call;
    const read = alreadyRead({ operation: "chat", model: chat.model, stream: chat.stream, chat });
    const made = createCall({ ...call, permission: "completion:create", read }, clock, logger);
    const reply = await callModel(made);
    return withHeaders(reply, llmHeaders(made, reply, clock.monotonic()));
  };
}

/** The same reply with other headers. */
function withHeaders(reply: Reply, headers: Reply["headers"]): Reply {
  const { status, stream } = reply;
  const shared: ReplyBase = {
    status,
    stream,
    headers,
    onEnd: (listener) => reply.onEnd(listener),
    cancel: (reason) => reply.cancel(reason),
  };
  if (reply.form === "parts") return { ...shared, form: "parts", parts: reply.parts };
  return { ...shared, form: "frames", dialect: reply.dialect, frames: reply.frames };
}

function collaborators(
  options: LlmProxyOptions,
  clock: Clock,
  logger: Logger,
): Collaborators & { readonly shield: Shield } {
  const { meter = silentMeter, authenticator = anonymousAuthenticator, journal, stages = {} } = options;
  return {
    clock,
    logger,
    meter,
    authenticator,
    journal,
    stages,
    shield: options.shield ?? createShield({ clock, meter, logger }),
  };
}

async function close(routing: ModelRouting, shield: Shield): Promise<void> {
  shield.close();
  await routing.close();
}

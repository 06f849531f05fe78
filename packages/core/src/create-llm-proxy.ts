/**
 * The assembled proxy.
 *
 * @module
 */

import { anonymousAuthenticator } from "@llmproxy/auth";
import {
  createModelRegistry,
  createPriorityPicker,
  createProvider,
  createRouter,
  dialects,
  type ModelDefinition,
  type ProviderDefinition,
  partsOf,
} from "@llmproxy/proxy-core";
import { createShield, type Shield } from "@llmproxy/ratelimit";
import {
  type Authenticator,
  type ChatRequest,
  type Clock,
  type Logger,
  type Meter,
  type Part,
  type Provider,
  type Reply,
  type ReplyBase,
  silentLogger,
  silentMeter,
  systemClock,
  type UsageJournal,
} from "@llmproxy/spec";
import { alreadyRead, type CallOptions, createCall } from "./create-call.ts";
import { type ClientAddress, clientAddressOf } from "./http/client-address.ts";
import { llmHeaders } from "./http/llm-headers.ts";
import { createLlmHttp, type LlmHttp } from "./http/llm-http.ts";
import { createServerOperations, type ServerOperations } from "./operations/server.ts";
import { type Collaborators, controlPipeline, llmPipeline, strayPipeline } from "./pipeline.ts";

/** How the LLM endpoints behave towards HTTP clients. */
export interface HttpOptions {
  /** The largest request body in bytes; 32 MiB when absent. */
  readonly maxBodyBytes?: number;
  /** How long a client may refuse to read a stream, in milliseconds; 30 s when absent. */
  readonly stallMs?: number;
  /** Addresses or CIDR ranges of proxies whose `x-forwarded-for` is believed; none when absent. */
  readonly trustedProxies?: readonly string[];
}

/** What a proxy is made from. Everything is optional but a provider. */
export interface LlmProxyOptions {
  /** At least one. Names are unique. */
  readonly providers: readonly ProviderDefinition[];
  /** Names for clients and where they lead; none when absent. */
  readonly models?: readonly ModelDefinition[];
  /** Whether `<provider>/<model>` and bare model ids resolve; true when there are no `models`. */
  readonly directModels?: boolean;
  /** What a request without a model gets. */
  readonly defaultModel?: string;
  /** Who is who; anybody may do anything when absent. */
  readonly authenticator?: Authenticator;
  /** Where usage is recorded; nowhere when absent. */
  readonly journal?: UsageJournal;
  /** Protects the process; one with the default limits when absent. Closed with the proxy. */
  readonly shield?: Shield;
  readonly http?: HttpOptions;
  /** The version clients are told. */
  readonly version?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly meter?: Meter;
}

/** A chat request from inside the process, with the identity of who asks. */
export interface ChatCall extends Omit<CallOptions, "permission" | "read"> {
  readonly chat: ChatRequest;
}

/** The assembled proxy. */
export interface LlmProxy {
  /** Runs a chat request through the same path as every other; the reply's headers tell what was done. @throws `ProxyError` when there is no answer */
  handle(call: ChatCall): Promise<Reply>;
  /** The parts of a reply, whichever form it has. */
  parts(reply: Reply): AsyncIterableIterator<Part>;
  /** The LLM endpoints, as a handler of Node's requests. */
  readonly http: LlmHttp;
  /** Whose request it is, behind the proxies that are trusted. */
  readonly clientAddress: ClientAddress;
  readonly server: ServerOperations;
  /** Stops background work and closes idle upstream connections. Calls in flight go on. */
  close(): Promise<void>;
}

const mebibyte = 1_048_576;
const defaultHttp = { maxBodyBytes: 32 * mebibyte, stallMs: 30_000 };

/**
 * Assembles a proxy. Nothing is connected before the first call.
 *
 * @throws `invalid_request` naming the option that is wrong
 */
export function createLlmProxy(options: LlmProxyOptions): LlmProxy {
  const { clock = systemClock, logger = silentLogger, version = "0.0.0", defaultModel } = options;
  const providers = options.providers.map((definition) => createProvider(definition, { clock, logger }));
  const models = options.models ?? [];
  const registry = createModelRegistry({
    models,
    providers,
    directModels: options.directModels ?? models.length === 0,
    defaultModel,
  });
  const use = collaborators(options, clock, logger);
  const callModel = llmPipeline(
    use,
    createRouter({ registry, providers, picker: createPriorityPicker(), clock, logger }),
  );
  const clientAddress = clientAddressOf(options.http?.trustedProxies ?? []);
  const server = createServerOperations({
    version,
    defaultModel,
    models: () => registry.list(),
    resolve: (name) => registry.resolve(name),
  });
  return {
    async handle(call) {
      const { chat } = call;
      const read = alreadyRead({ operation: "chat", model: chat.model, stream: chat.stream, chat });
      const made = createCall({ ...call, permission: "completion:create", read }, clock, logger);
      const reply = await callModel(made);
      return withHeaders(reply, llmHeaders(made, reply, clock.monotonic()));
    },
    parts: (reply) => partsOf(reply, dialects),
    http: createLlmHttp({
      ...defaultHttp,
      ...options.http,
      clientAddress,
      clock,
      logger,
      callModel,
      defaultModel,
      controlPath: controlPipeline(use),
      strayPath: strayPipeline(use),
      server,
    }),
    clientAddress,
    server,
    close: () => close(providers, use.shield),
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
  const { meter = silentMeter, authenticator = anonymousAuthenticator, journal } = options;
  return {
    clock,
    logger,
    meter,
    authenticator,
    journal,
    shield: options.shield ?? createShield({ clock, meter, logger }),
  };
}

async function close(providers: readonly Provider[], shield: Shield): Promise<void> {
  shield.close();
  await Promise.all(providers.map((provider) => provider.close()));
}

/**
 * A provider reached over HTTP: a dialect, an address and credentials.
 *
 * @module
 */

import {
  type ChatRequest,
  type Clock,
  type JsonObject,
  type Logger,
  type ModelInfo,
  type Provider,
  type ProviderCall,
  ProxyError,
  type Reply,
  type Secret,
  silentLogger,
  systemClock,
} from "@llmproxy/spec";
import { createDeadline } from "../deadline.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Lookup } from "../http/connector.ts";
import { readBody } from "../http/read-body.ts";
import { createUpstreamClient, type UpstreamClient } from "../http/upstream-client.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import type { UpstreamTimeouts } from "../http/watchdog.ts";
import { createRandomHex } from "../random-hex.ts";
import { relayReply } from "../relay/relay.ts";
import { createScrubber, type Scrubber } from "../relay/scrub.ts";
import { type FailureOptions, readFailure, readObject } from "../relay/vendor-failure.ts";
import { type Catalogue, startCatalogue } from "./catalogue.ts";
import { loadModels, type ReadModels } from "./load-models.ts";
import { writeChatBody, writeCountBody } from "./request-body.ts";
import {
  type ConfiguredHeaders,
  checkHeaders,
  createHeaderWriter,
  type KeyHeader,
  secretHeaders,
  type WriteHeaders,
} from "./request-headers.ts";

/** What every HTTP provider is configured with. */
export interface HttpProviderOptions {
  /** The configured name; unique. */
  readonly name: string;
  /** Where the API is, with the version path, e.g. `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent to this origin only; no credentials when absent. */
  readonly apiKey?: Secret | undefined;
  /** Headers for every request; none when absent. */
  readonly headers?: ConfiguredHeaders | undefined;
  /** Whether `http:` and private addresses are allowed; false when absent. Metadata addresses never are. */
  readonly allowPrivate?: boolean | undefined;
  /** Time limits; the defaults of `providers[].timeout` where absent. */
  readonly timeouts?: Partial<UpstreamTimeouts> | undefined;
  /** How many calls may run at a time; more are refused with `overloaded`. Unlimited when absent. */
  readonly maxConcurrent?: number | undefined;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** How names are resolved; the operating system's way when absent. */
  readonly lookup?: Lookup | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** What one kind of provider adds. */
export interface HttpProviderKind {
  /** The kind, e.g. `openai-compatible`. */
  readonly kind: string;
  readonly dialect: Dialect;
  /** Where the key stands; default `authorization`, as a bearer token. */
  readonly keyHeader?: KeyHeader;
  /** Headers of every request where neither the client nor the configuration says otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether vendors of this kind may know only old forms of the dialect; false when absent. */
  readonly useOldForms?: boolean;
  /** Where chat requests go, below the base URL. */
  readonly chatPath: string;
  /** Where the catalogue is, below the base URL. */
  readonly modelsPath: string;
  /** Reads a page of the catalogue. */
  readonly readModels: ReadModels;
  /** How tokens are counted, where the vendor does. */
  readonly tokenCount?: TokenCount;
}

/** A vendor's service that counts the tokens of a request. */
export interface TokenCount {
  /** Where it is, below the base URL. */
  readonly path: string;
  /** Writes what is to be counted. */
  readonly write: (chat: ChatRequest) => JsonObject;
  /** Reads the answer; undefined when it is none. */
  readonly read: (json: JsonObject) => number | undefined;
}

const catalogueTimeoutMs = 15_000;
const maxCountBytes = 65_536;

/**
 * Makes a provider. Its catalogue is asked for at once, in the background.
 *
 * @throws `invalid_request` (field `base_url`, `api_key` or `headers.<name>`) for what cannot be used
 */
export function createHttpProvider(kind: HttpProviderKind, options: HttpProviderOptions): Provider {
  return new HttpProvider(kind, options);
}

class HttpProvider implements Provider {
  readonly name: string;
  readonly kind: string;
  readonly countTokens?: NonNullable<Provider["countTokens"]>;
  readonly #kind: HttpProviderKind;
  readonly #client: UpstreamClient;
  readonly #writeHeaders: WriteHeaders;
  readonly #clock: Clock;
  readonly #scrub: Scrubber;
  readonly #catalogue: Catalogue;

  constructor(kind: HttpProviderKind, options: HttpProviderOptions) {
    const { name, apiKey, headers = {}, clock = systemClock, logger = silentLogger } = options;
    checkHeaders(headers, apiKey, kind.keyHeader);
    this.name = name;
    this.kind = kind.kind;
    this.#kind = kind;
    this.#writeHeaders = createHeaderWriter({
      apiKey,
      keyHeader: kind.keyHeader,
      kindHeaders: kind.headers,
      headers,
      randomHex: createRandomHex(),
    });
    this.#clock = clock;
    this.#scrub = createScrubber([...(apiKey ? [apiKey] : []), ...secretHeaders(headers)]);
    this.#client = createUpstreamClient({
      ...options,
      provider: name,
      maxConnections: options.maxConcurrent,
    });
    this.#catalogue = startCatalogue({
      load: (signal) => this.#loadModels(signal),
      clock,
      logger: logger.child({ provider: name }),
    });
    const { tokenCount } = kind;
    if (tokenCount) this.countTokens = (call) => this.#countTokens(call, tokenCount);
  }

  async call(call: ProviderCall): Promise<Reply> {
    const { request, signal } = call;
    const { chatPath } = this.#kind;
    const body = writeChatBody(this.#kind, call, this.models());
    const response = await this.#post(call, chatPath, body);
    return relayReply(response, {
      ...this.#failureOptions(signal),
      stream: request.stream,
      dropUsage: request.stream && !request.chat.includeUsage,
      chat: request.chat,
    });
  }

  models(): readonly ModelInfo[] {
    return this.#catalogue.models();
  }

  async close(): Promise<void> {
    await this.#catalogue.close();
    this.#client.close();
  }

  async #countTokens(call: ProviderCall, { path, write, read }: TokenCount): Promise<number> {
    const { signal } = call;
    const response = await this.#post(call, path, writeCountBody(this.#kind.dialect, call, write));
    if (response.status !== 200) throw await readFailure(response, this.#failureOptions(signal));
    const { bytes } = await readBody(response, maxCountBytes);
    const count = read(readObject(bytes) ?? {});
    if (count !== undefined) return count;
    throw new ProxyError(
      "upstream_failed",
      `provider "${this.name}" answered with what is no count of tokens`,
    );
  }

  #post(call: ProviderCall, path: string, body: readonly Uint8Array[]): Promise<UpstreamResponse> {
    const { request, signal, trace } = call;
    const isOwn = request.body?.dialect === this.#kind.dialect.name;
    const isStream = request.stream && request.operation === "chat";
    return this.#client.request({
      method: "POST",
      path,
      headers: this.#writeHeaders({
        accept: isStream ? "text/event-stream" : "application/json",
        hasBody: true,
        trace,
        dialectHeaders: isOwn ? request.dialectHeaders : undefined,
      }),
      body,
      signal,
      onPhase: (phase) => call.onPhase(phase),
    });
  }

  async #loadModels(closing: AbortSignal): Promise<readonly ModelInfo[]> {
    const deadline = createDeadline({ parent: closing, timeoutMs: catalogueTimeoutMs, clock: this.#clock });
    const { signal } = deadline;
    const { modelsPath, readModels } = this.#kind;
    try {
      return await loadModels({ provider: this.name, path: modelsPath, read: readModels }, async (path) => {
        const headers = this.#writeHeaders({ accept: "application/json", hasBody: false });
        const asked = { method: "GET", path, headers, body: [], signal, background: true } as const;
        const response = await this.#client.request(asked);
        if (response.status !== 200) throw await readFailure(response, this.#failureOptions(signal));
        return response;
      });
    } finally {
      deadline.release();
    }
  }

  #failureOptions(signal: AbortSignal): FailureOptions {
    return {
      provider: this.name,
      dialect: this.#kind.dialect,
      signal,
      scrub: this.#scrub,
      clock: this.#clock,
    };
  }
}

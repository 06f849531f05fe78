/**
 * A provider reached over HTTP: a dialect, an address and credentials.
 *
 * @module
 */

import {
  type Clock,
  type LlmRequest,
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
import type { UpstreamTimeouts } from "../http/watchdog.ts";
import { relayReply } from "../relay/relay.ts";
import { createScrubber, type Scrubber } from "../relay/scrub.ts";
import { type FailureOptions, readFailure } from "../relay/vendor-failure.ts";
import { type Catalogue, startCatalogue } from "./catalogue.ts";
import { type ConfiguredHeaders, checkHeaders, requestHeaders, secretHeaders } from "./request-headers.ts";

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
  /** Where chat requests go, below the base URL. */
  readonly chatPath: string;
  /** Where the catalogue is, below the base URL. */
  readonly modelsPath: string;
  /** Reads the catalogue. */
  readonly readModels: (provider: string, body: Buffer) => readonly ModelInfo[];
}

const catalogueTimeoutMs = 15_000;
const maxCatalogueBytes = 16_777_216;

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
  readonly #kind: HttpProviderKind;
  readonly #client: UpstreamClient;
  readonly #apiKey: Secret | undefined;
  readonly #headers: ConfiguredHeaders;
  readonly #clock: Clock;
  readonly #scrub: Scrubber;
  readonly #catalogue: Catalogue;

  constructor(kind: HttpProviderKind, options: HttpProviderOptions) {
    const { name, apiKey, headers = {}, clock = systemClock, logger = silentLogger } = options;
    checkHeaders(headers, apiKey);
    this.name = name;
    this.kind = kind.kind;
    this.#kind = kind;
    this.#apiKey = apiKey;
    this.#headers = headers;
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
  }

  async call(call: ProviderCall): Promise<Reply> {
    const { request, signal } = call;
    const { dialect, chatPath } = this.#kind;
    const response = await this.#client.request({
      method: "POST",
      path: chatPath,
      headers: requestHeaders({
        apiKey: this.#apiKey,
        headers: this.#headers,
        accept: request.stream ? "text/event-stream" : "application/json",
        hasBody: true,
        trace: call.trace,
      }),
      body: writeBody(dialect, request, call.model),
      signal,
      onPhase: (phase) => call.onPhase(phase),
    });
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

  async #loadModels(closing: AbortSignal): Promise<readonly ModelInfo[]> {
    const deadline = createDeadline({ parent: closing, timeoutMs: catalogueTimeoutMs, clock: this.#clock });
    const { signal } = deadline;
    try {
      const headers = requestHeaders({
        apiKey: this.#apiKey,
        headers: this.#headers,
        accept: "application/json",
        hasBody: false,
      });
      const response = await this.#client.request({
        method: "GET",
        path: this.#kind.modelsPath,
        headers,
        body: [],
        signal,
        background: true,
      });
      if (response.status !== 200) throw await readFailure(response, this.#failureOptions(signal));
      const { bytes, isTruncated } = await readBody(response, maxCatalogueBytes);
      if (isTruncated) throw new ProxyError("upstream_failed", "the list of models is larger than 16 MiB");
      return this.#kind.readModels(this.name, bytes);
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

/** The request as it is sent: the client's own bytes where they are in this dialect already. */
function writeBody(dialect: Dialect, request: LlmRequest, model: string): readonly Uint8Array[] {
  const { body, chat, stream } = request;
  if (body?.dialect === dialect.name) return dialect.relayRequest(body, { model, askForUsage: stream });
  return [
    Buffer.from(JSON.stringify(dialect.writeRequest({ ...chat, model, stream, includeUsage: stream }))),
  ];
}

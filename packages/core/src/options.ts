/**
 * What a proxy is made from.
 *
 * @module
 */

import type { ModelDefinition, ProviderDefinition } from "@llmproxy/proxy-core";
import type { Shield } from "@llmproxy/ratelimit";
import type { Authenticator, Clock, Logger, Meter, Provider, Secret, UsageJournal } from "@llmproxy/spec";
import type { CorsPolicy } from "./http/cors.ts";
import type { CustomStages } from "./pipeline.ts";

/** How the LLM endpoints behave towards HTTP clients. */
export interface HttpOptions {
  /** What precedes `/v1/…` in URLs, e.g. `/api/llm`, where the host leaves it there; nothing when absent. */
  readonly basePath?: string;
  /** The largest request body in bytes; 32 MiB when absent. */
  readonly maxBodyBytes?: number;
  /** How long a client may refuse to read a stream, in milliseconds; 30 s when absent. */
  readonly stallMs?: number;
  /** Addresses or CIDR ranges of proxies whose `x-forwarded-for` is believed; none when absent. */
  readonly trustedProxies?: readonly string[];
  /** Which web pages may call; none when absent, and then the host may answer for itself. */
  readonly cors?: CorsPolicy;
}

/** A definition whose key may be given as text. */
type WithKeyAsText<Definition> = Definition extends { readonly apiKey?: Secret | undefined }
  ? Omit<Definition, "apiKey"> & { readonly apiKey?: string | Secret | undefined }
  : Definition;

/** A provider: as it is defined, or one of the caller's own making. */
export type ProviderInput = ProviderDefinition | WithKeyAsText<ProviderDefinition> | Provider;

/** Who answers which model. */
export interface ModelOptions {
  /** At least one. Names are unique. */
  readonly providers: readonly ProviderInput[];
  /** Names for clients and where they lead; none when absent. */
  readonly models?: readonly ModelDefinition[];
  /** Whether `<provider>/<model>` and bare model ids resolve; true when there are no `models`. */
  readonly directModels?: boolean;
  /** What a request without a model gets; such requests are refused when absent. */
  readonly defaultModel?: string;
}

/** What a proxy is made from. Everything is optional but a provider. */
export interface LlmProxyOptions extends ModelOptions {
  /** Who is who; anybody may do anything when absent. */
  readonly authenticator?: Authenticator;
  /** Where usage is recorded; nowhere when absent. */
  readonly journal?: UsageJournal;
  /** Protects the process; one with the default limits when absent. Closed with the proxy. */
  readonly shield?: Shield;
  /** Stages of the embedding application; none when absent. */
  readonly stages?: CustomStages;
  readonly http?: HttpOptions;
  /** The version clients are told. */
  readonly version?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly meter?: Meter;
}

/**
 * What can change while a proxy runs. Models and providers are replaced as a whole; of `http`, what is absent stays as
 * the proxy was made with.
 */
export interface LlmProxyUpdate extends ModelOptions {
  readonly http?: Pick<HttpOptions, "maxBodyBytes" | "trustedProxies" | "cors">;
}

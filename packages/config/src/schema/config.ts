/**
 * The whole configuration: every section joined.
 *
 * The schema checks form and fills in defaults; values keep the user's spelling (`25s`), because that is what
 * is shown back. {@link makeConfig} turns the result into what the rest of the server reads (`25000`).
 *
 * @module
 */

import type { Secret } from "@llmproxy/spec";
import { type output, record, strictObject, string, _default as withDefault } from "zod/mini";
import type { Path } from "../path.ts";
import { auditSchema } from "./audit.ts";
import { type AuthConfig, authConfig, authSchema } from "./auth.ts";
import { budgetSchema } from "./budget.ts";
import { cacheSchema } from "./cache.ts";
import { enginesSchema } from "./engines.ts";
import { eventsSchema } from "./events.ts";
import { aMap, anything, flag, textList } from "./fields.ts";
import { limitsSchema } from "./limits.ts";
import { defaultModelSchema, type ModelConfig, modelConfig, modelsSchema } from "./models.ts";
import { optimizerSchema } from "./optimizer.ts";
import { passthroughSchema } from "./passthrough.ts";
import { type ProviderConfig, providerConfig, providersSchema } from "./providers.ts";
import { redisSchema } from "./redis.ts";
import { type ServerConfig, serverConfig, serverSchema } from "./server.ts";
import { type StoreConfig, storeConfig, storeSchema } from "./store.ts";
import { type TelemetryConfig, telemetryConfig, telemetrySchema } from "./telemetry.ts";
import { tlsSchema } from "./tls.ts";

/**
 * A valid configuration: immutable, complete, in the units its names say. It holds what this version honours;
 * sections of the file that it does not are refused when the configuration is loaded.
 */
export interface Config {
  /** Where the server listens and how it stops. */
  readonly server: ServerConfig;
  /** Where projects, keys and usage are kept. */
  readonly store: StoreConfig;
  /** Who may use the server. */
  readonly auth: AuthConfig;
  /** Who answers, in the order of the configuration. */
  readonly providers: readonly ProviderConfig[];
  /** Whether clients may name `<provider>/<model>` and bare model ids. Default: true when `models` is empty. */
  readonly directModels: boolean;
  /** The names clients use and what they mean. */
  readonly models: readonly ModelConfig[];
  /** The model of requests that name none; absent when those are refused. */
  readonly defaultModel: string | undefined;
  /** Logs and metrics. */
  readonly telemetry: TelemetryConfig;
}

/** The schema of the whole file. */
export const configSchema = strictObject(
  {
    server: serverSchema,
    tls: tlsSchema,
    store: storeSchema,
    redis: redisSchema,
    auth: authSchema,
    providers: providersSchema,
    direct_models: flag(),
    models: modelsSchema,
    default_model: defaultModelSchema,
    limits: limitsSchema,
    cache: cacheSchema,
    passthrough: passthroughSchema,
    events: eventsSchema,
    audit: auditSchema,
    telemetry: telemetrySchema,
    engines: enginesSchema,
    optimizer: optimizerSchema,
    budget: budgetSchema,
    extensions: withDefault(textList("the name of a module"), []),
    features: withDefault(record(string(), anything(), aMap), {}),
  },
  aMap,
);

/** A configuration in the user's spelling, complete with defaults. */
export type EffectiveInput = output<typeof configSchema>;

/** Whether model names reach providers directly, when nothing says so. */
export function directModelsByDefault(models: readonly unknown[]): boolean {
  return models.length === 0;
}

/**
 * Makes the configuration from valid input.
 *
 * @param secretAt - the secret that was read for a path
 */
export function makeConfig(input: EffectiveInput, secretAt: (path: Path) => Secret | undefined): Config {
  return {
    server: serverConfig(input.server),
    store: storeConfig(input.store),
    auth: authConfig(input.auth, secretAt),
    providers: input.providers.map((provider, index) =>
      providerConfig(
        provider,
        secretAt(["providers", index, "api_key"]) ?? secretAt(["providers", index, "api_keys", 0, "api_key"]),
      ),
    ),
    directModels: input.direct_models,
    models: input.models.map(modelConfig),
    defaultModel: input.default_model ?? undefined,
    telemetry: telemetryConfig(input.telemetry),
  };
}

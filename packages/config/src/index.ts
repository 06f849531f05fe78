export { initialConfigText } from "./initial-config.ts";
export { type LoadConfigOptions, type LoadedConfig, loadConfig } from "./load.ts";
export type { AuthConfig, IssuerConfig, JwtAlgorithm, JwtIssuerConfig } from "./schema/auth.ts";
export type { Config } from "./schema/config.ts";
export type { ModelConfig } from "./schema/models.ts";
export type {
  AnthropicProviderConfig,
  EchoProviderConfig,
  HttpProviderConfig,
  OpenAiProviderConfig,
  ProviderConfig,
  ProviderTimeouts,
} from "./schema/providers.ts";
export type { CorsConfig, ServerConfig } from "./schema/server.ts";
export type { StoreConfig } from "./schema/store.ts";
export type { LogConfig, MetricsConfig, TelemetryConfig } from "./schema/telemetry.ts";
export type { ConfigInput } from "./sources/flags.ts";
export type { ConfigSource } from "./sources/layer.ts";
export type { FileContent, ReadFile } from "./sources/read-file.ts";
export { ConfigError, type Violation } from "./violation.ts";

export {
  type EditConfigFileOptions,
  type EditedConfigFile,
  editConfigFile,
} from "./edit/edit-config-file.ts";
export { editConfigText, type TextEdit } from "./edit/edit-config-text.ts";
export { initialConfigText } from "./initial-config.ts";
export { configJsonSchema } from "./json-schema/config-json-schema.ts";
export type { ConfigApplier, ConfigChange, PreparedChange } from "./live/appliers.ts";
export type { PendingChange } from "./live/changes.ts";
export type {
  LiveConfig,
  Override,
  RefusedChange,
  ReloadResult,
  WatchConfigOptions,
} from "./live/live-config.ts";
export { parseSettingValue } from "./live/setting-value.ts";
export { watchConfig } from "./live/watch-config.ts";
export { type LoadConfigOptions, type LoadedConfig, loadConfig } from "./load.ts";
export type {
  AuthConfig,
  IssuerConfig,
  JwtAlgorithm,
  JwtIssuerConfig,
  SigningAlgorithm,
} from "./schema/auth.ts";
export type { Config } from "./schema/config.ts";
export { type KeyMark, markOf } from "./schema/marks.ts";
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
export type { Setting } from "./settings.ts";
export type { ConfigFormat } from "./sources/config-file.ts";
export type { ConfigInput } from "./sources/flags.ts";
export type { ConfigSource } from "./sources/layer.ts";
export type { FileContent, ReadFile } from "./sources/read-file.ts";
export { ConfigError, type Violation } from "./violation.ts";

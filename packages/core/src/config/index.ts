/**
 * The core of a whole server, assembled from its configuration.
 *
 * Embedding applications that bring their own providers, keys and store need only the main entry.
 *
 * @module
 */

export { acceptedIssuer, longestSecretTtlMs, readAcceptedIssuers } from "./accepted-issuers.ts";
export type { ConfigurationOperations, ConfigurationView, SettingView } from "./configuration.ts";
export { type Bootstrap, readBootstrap } from "./data/bootstrap.ts";
export { readSecretFile, writeSecretFile } from "./data/secret-file.ts";
export type { IssueJwtInput, JwtOperations } from "./jwt.ts";
export { createLateLogger, type LateLogger } from "./late-logger.ts";
export { type Core, type CoreOperations, type OpenCoreOptions, openCore } from "./open-core.ts";
export { openLogger } from "./open-logger.ts";
export { type Management, openManagement } from "./open-management.ts";
export { secretsIn } from "./secrets-in.ts";
export { type Server, type StartServerOptions, startServer } from "./start-server.ts";

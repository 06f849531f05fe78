/**
 * API keys, principals, roles and permissions.
 *
 * @module
 */

export {
  type ApiKeyKind,
  type ApiKeyName,
  type CreateApiKeyOptions,
  createApiKey,
  describeKey,
  type NewApiKey,
  parseApiKey,
} from "./api-key.ts";
export {
  type ApiKeyAuthenticator,
  type ApiKeyAuthenticatorOptions,
  createApiKeyAuthenticator,
} from "./api-key-authenticator.ts";
export { type AuthenticatorOptions, anonymousAuthenticator, createAuthenticator } from "./authenticator.ts";
export { createManagementAuthenticator } from "./management-authenticator.ts";
export { createPeppers, type PepperOptions, type Peppers } from "./peppers.ts";
export { authorize, may } from "./permissions.ts";
export { type CredentialHeaders, readCredentials } from "./read-credentials.ts";
export { maySeeProject, mayUseModel } from "./scope.ts";
export type { TokenAuthenticator } from "./token-authenticator.ts";
export type { TokenRefusal } from "./unauthenticated.ts";

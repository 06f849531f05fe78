/**
 * API keys, JWTs, principals, roles and permissions.
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
export type { AcceptedIssuer, IssuerKeys, RemoteKeys } from "./jwt/accepted-issuer.ts";
export type { JwtAlgorithm, SigningAlgorithm } from "./jwt/algorithms.ts";
export type { JwtPrincipal } from "./jwt/claim-rules.ts";
export { checkGrant, type Grant, grantableRoles } from "./jwt/grant.ts";
export { type InspectedJwt, type InspectJwtOptions, inspectJwt, type JwtFinding } from "./jwt/inspect-jwt.ts";
export { type IssueHs256Options, issueHs256 } from "./jwt/issue-hs256.ts";
export {
  createJwtAuthenticator,
  type JwtAuthenticator,
  type JwtAuthenticatorOptions,
} from "./jwt/jwt-authenticator.ts";
export { createJwtIssuer, type JwtGrant, type JwtIssuer, type JwtIssuerOptions } from "./jwt/jwt-issuer.ts";
export { maxJwksBytes } from "./jwt/parse-jwks.ts";
export type { PublicJwk, PublicJwkSet } from "./jwt/public-jwk.ts";
export type { JwtRefusal } from "./jwt/refusal.ts";
export type { FetchJwks } from "./jwt/remote-key-set.ts";
export type { IssuedJwt } from "./jwt/sign-jwt.ts";
export {
  exportSigningKeys,
  generateSigningKey,
  importSigningKey,
  importSigningKeys,
  type SigningKey,
} from "./jwt/signing-key.ts";
export { parseTokenLifetime } from "./jwt/token-lifetime.ts";
export { createManagementAuthenticator } from "./management-authenticator.ts";
export { createPeppers, type PepperOptions, type Peppers } from "./peppers.ts";
export { authorize, may } from "./permissions.ts";
export { type CredentialHeaders, readCredentials } from "./read-credentials.ts";
export { maySeeProject, mayUseModel } from "./scope.ts";
export type { TokenAuthenticator } from "./token-authenticator.ts";
export type { TokenRefusal } from "./unauthenticated.ts";

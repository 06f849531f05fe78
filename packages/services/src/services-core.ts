/**
 * What the services need of the core: functions they translate messages for. Stated here as types, so that an
 * embedding application or a test may pass anything of this shape.
 *
 * @module
 */

import type {
  ChatRequest,
  Credentials,
  JsonValue,
  KeyRecord,
  ModelInfo,
  Page,
  Part,
  Principal,
  ProjectRecord,
  ProxyError,
  Reply,
  Secret,
} from "@llmproxy/spec";

/** A chat request with the identity of who asks. */
export interface CallInput {
  readonly requestId: string;
  /** The RPC, `/<service>/<method>`. */
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** What is already known to be wrong; the call is then refused without looking at `chat`. */
  readonly refusal?: ProxyError;
  readonly clientAddress?: string;
  readonly traceparent?: string;
  /** Aborts when the client leaves or its deadline passes; the reason is a `ProxyError`. */
  readonly signal: AbortSignal;
  readonly chat: ChatRequest;
}

/** Which page of a list; checked by the core. */
export interface PageInput {
  /** How many at most; the core's default when 0. */
  readonly pageSize?: number;
  /** `nextPageToken` of the page before; empty for the first. */
  readonly pageToken?: string;
}

/** What is to change of a project; absent means unchanged. */
export interface UpdateProjectInput {
  readonly id: string;
  readonly name?: string;
  readonly isActive?: boolean;
}

/** What a key is made from. */
export interface CreateKeyInput {
  readonly projectId: string;
  readonly name: string;
  readonly expiresAt?: Date;
  readonly allowedModels?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What is to change of a key; absent means unchanged. */
export interface UpdateKeyInput {
  readonly id: string;
  readonly name?: string;
  readonly expiresAt?: Date;
  /** `null` allows every model. */
  readonly allowedModels?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Operations on projects. The permission has been checked; everything else is theirs to check. */
export interface ProjectOperations {
  /** Makes a project. */
  create(principal: Principal, input: { readonly name: string }, signal: AbortSignal): Promise<ProjectRecord>;
  /** One project. */
  get(principal: Principal, input: { readonly id: string }, signal: AbortSignal): Promise<ProjectRecord>;
  /** The projects the principal may see. */
  list(principal: Principal, input: PageInput, signal: AbortSignal): Promise<Page<ProjectRecord>>;
  /** The project after the change. */
  update(principal: Principal, input: UpdateProjectInput, signal: AbortSignal): Promise<ProjectRecord>;
}

/** Operations on API keys. The permission has been checked; everything else is theirs to check. */
export interface KeyOperations {
  /** Makes a key; the only moment at which the key itself is known. */
  create(
    principal: Principal,
    input: CreateKeyInput,
    signal: AbortSignal,
  ): Promise<{ readonly record: KeyRecord; readonly key: Secret }>;
  /** One key. */
  get(principal: Principal, input: { readonly id: string }, signal: AbortSignal): Promise<KeyRecord>;
  /** The keys the principal may see, of one project or of all. */
  list(
    principal: Principal,
    input: PageInput & { readonly projectId?: string },
    signal: AbortSignal,
  ): Promise<Page<KeyRecord>>;
  /** The key after the change. */
  update(principal: Principal, input: UpdateKeyInput, signal: AbortSignal): Promise<KeyRecord>;
  /** The key, which is revoked now or was before. */
  revoke(principal: Principal, input: { readonly id: string }, signal: AbortSignal): Promise<KeyRecord>;
}

/** A setting in effect. */
export interface SettingView {
  /** Where it stands, e.g. `providers[0].name`. */
  readonly path: string;
  /** Its value; `"[secret]"` instead of a secret. */
  readonly value: JsonValue;
  /** Where the value comes from: `default`, `file`, `environment`, `flag` or `override`. */
  readonly source: string;
  /** Whether a change takes effect at once; else with the next start. */
  readonly live: boolean;
  /** The value that waits for a restart; absent when none does. */
  readonly pending?: JsonValue;
}

/** The configuration in effect. */
export interface ConfigurationView {
  readonly settings: readonly SettingView[];
  /** The configuration file; absent when there is none. */
  readonly file?: string;
  /** Why the file as it is now is not in effect; empty when it is. */
  readonly refused: readonly { readonly path: string; readonly message: string }[];
  /** When the configuration in effect was loaded. */
  readonly loadedAt: Date;
}

/** Operations on the configuration. The permission has been checked; everything else is theirs to check. */
export interface ConfigurationOperations {
  /** The settings at or below a path; all of them for the empty path. */
  get(
    principal: Principal,
    input: { readonly path: string },
    signal: AbortSignal,
  ): Promise<ConfigurationView>;
  /** The setting after the change. */
  setOverride(
    principal: Principal,
    input: { readonly path: string; readonly value: JsonValue },
    signal: AbortSignal,
  ): Promise<SettingView>;
  /** Ends an override; does nothing where there is none. */
  deleteOverride(principal: Principal, input: { readonly path: string }, signal: AbortSignal): Promise<void>;
}

/** Whom a token is for. */
export interface IssueJwtInput {
  readonly subject: string;
  /** Names of roles; the core's default when empty. */
  readonly roles: readonly string[];
  readonly projectId?: string;
  /** As configured when absent. */
  readonly ttlMs?: number;
}

/** Operations on tokens this server signs. The permission has been checked; everything else is theirs to check. */
export interface JwtOperations {
  /** Makes a token; the only moment at which the token itself is known. */
  issue(
    principal: Principal,
    input: IssueJwtInput,
    signal: AbortSignal,
  ): Promise<{ readonly jwt: Secret; readonly id: string; readonly expiresAt: Date }>;
}

/** Limits that hold for everybody; absent means unlimited. */
export interface ServerLimits {
  readonly maxRequestsPerMinute?: number;
  readonly maxConcurrentRequests?: number;
  /** Characters. */
  readonly maxInputLength?: number;
  readonly requestTimeoutSeconds?: number;
}

/** What a client may know about the server. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  /** What a request without a model gets. */
  readonly defaultModel?: string;
  /** The models the principal may ask for. */
  readonly models: readonly ModelInfo[];
  readonly limits?: ServerLimits;
}

/** What the services need of the core. */
export interface ServicesCore {
  /** Runs a chat request through the pipeline. @throws `ProxyError` when there is no answer */
  handle(call: CallInput): Promise<Reply>;
  /** The parts of a reply, whichever form it has. */
  parts(reply: Reply): AsyncIterableIterator<Part>;
  readonly operations: {
    readonly projects: ProjectOperations;
    readonly keys: KeyOperations;
    /** Absent where nobody can change the configuration; `ConfigurationService` is then not served. */
    readonly configuration?: ConfigurationOperations;
    /** Absent where no tokens are signed; `JwtService` is then not served. */
    readonly jwt?: JwtOperations;
    readonly server: {
      /** What this principal may know. */
      info(principal: Principal): ServerInfo;
    };
  };
}

/**
 * What a client may know about the server.
 *
 * @module
 */

import { mayUseModel } from "@llmproxy/auth";
import type { ModelInfo, Principal } from "@llmproxy/spec";

/** What a client may know about the server. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  /** What a request without a model gets, where configured. */
  readonly defaultModel?: string;
  /** The models this principal may ask for. */
  readonly models: readonly ModelInfo[];
}

/** Operations on the server itself. */
export interface ServerOperations {
  /** Name, version and the models this principal may ask for. */
  info(principal: Principal): ServerInfo;
}

/** What the server knows about itself. */
export interface ServerFacts {
  readonly version: string;
  readonly defaultModel: string | undefined;
  /** Every model, as known now. */
  models(): readonly ModelInfo[];
}

/** Makes the operations. */
export function createServerOperations(facts: ServerFacts): ServerOperations {
  return {
    info: (principal) => ({
      name: "llmproxy",
      version: facts.version,
      ...(facts.defaultModel !== undefined && { defaultModel: facts.defaultModel }),
      models: facts.models().filter((model) => mayUseModel(principal, model.id)),
    }),
  };
}

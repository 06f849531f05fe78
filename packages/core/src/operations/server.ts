/**
 * What a client may know about the server.
 *
 * @module
 */

import { mayUseModel } from "@llmproxy/auth";
import { type ModelInfo, type Principal, ProxyError, type Route } from "@llmproxy/spec";

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
  /**
   * The model a name means: listed or not, for names such as `<provider>/<model>` lead somewhere without being listed.
   *
   * @throws `model_not_found`, also for a model this principal may not ask for
   */
  model(principal: Principal, name: string): ModelInfo;
  /** Name, version and the models this principal may ask for. */
  info(principal: Principal): ServerInfo;
}

/** What the server knows about itself. */
export interface ServerFacts {
  readonly version: string;
  defaultModel(): string | undefined;
  /** Every model, as known now. */
  models(): readonly ModelInfo[];
  /** What a name leads to. @throws `model_not_found` */
  resolve(name: string): Route;
}

/** Makes the operations. */
export function createServerOperations(facts: ServerFacts): ServerOperations {
  return {
    model: (principal, name) => modelNamed(facts, principal, name),
    info(principal) {
      const defaultModel = facts.defaultModel();
      return {
        name: "llmproxy",
        version: facts.version,
        ...(defaultModel !== undefined && { defaultModel }),
        models: facts.models().flatMap((model) => visible(model, principal)),
      };
    },
  };
}

function modelNamed(facts: ServerFacts, principal: Principal, name: string): ModelInfo {
  if (!mayUseModel(principal, name))
    throw new ProxyError("model_not_found", `no model ${JSON.stringify(name)}; GET /v1/models lists them`, {
      field: "model",
    });
  const listed = facts.models().find(({ id, aliases }) => id === name || aliases.includes(name));
  if (listed) return { ...listed, id: name };
  const [target] = facts.resolve(name).targets;
  return { id: name, provider: target?.provider ?? "", aliases: [] };
}

/** A model under the names this principal may call it by: its own with the aliases, else the aliases alone. */
function visible(model: ModelInfo, principal: Principal): readonly ModelInfo[] {
  const aliases = model.aliases.filter((alias) => mayUseModel(principal, alias));
  if (mayUseModel(principal, model.id)) return [{ ...model, aliases }];
  return aliases.map((alias) => ({ ...model, id: alias, aliases: [] }));
}

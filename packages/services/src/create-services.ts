/**
 * The services of this server, put together.
 *
 * @module
 */

import type { DescService } from "@bufbuild/protobuf";
import { type Clock, type Health, systemClock } from "@llmproxy/spec";
import { aliasesOf } from "./aliases.ts";
import { createRpcRegistry, type RpcRegistry } from "./registry.ts";
import { chatRpcs } from "./services/chat.ts";
import { configurationRpcs } from "./services/configuration.ts";
import { healthRpcs } from "./services/health.ts";
import { jwtRpcs } from "./services/jwt.ts";
import { keyRpcs } from "./services/keys.ts";
import { llmProxyRpcs } from "./services/llm-proxy.ts";
import { projectRpcs } from "./services/projects.ts";
import { reflectionRpcs } from "./services/reflection.ts";
import type { ServicesCore } from "./services-core.ts";

/** What the services are made from. */
export interface ServicesOptions {
  readonly core: ServicesCore;
  /** What `grpc.health.v1.Health` tells. */
  readonly health: Health;
  /** Aborts when the server begins to stop: streams that never end by themselves end then. */
  readonly draining?: AbortSignal;
  /** For durations and timestamps of answers; the system's when absent. */
  readonly clock?: Clock;
}

/** Makes the registry of every service, health and reflection included. */
export function createServices({
  core,
  health,
  draining,
  clock = systemClock,
}: ServicesOptions): RpcRegistry {
  const services = (): readonly DescService[] => registry.services;
  const names = (): readonly string[] =>
    services().flatMap(({ typeName }) => [typeName, ...aliasesOf(typeName)]);
  const { projects, keys, configuration, jwt } = core.operations;
  const registry = createRpcRegistry([
    ...llmProxyRpcs(core, clock),
    ...chatRpcs(core),
    ...projectRpcs(projects),
    ...keyRpcs(keys),
    ...(configuration ? configurationRpcs(configuration) : []),
    ...(jwt ? jwtRpcs(jwt) : []),
    ...healthRpcs(health, names, draining),
    ...reflectionRpcs(services),
  ]);
  return registry;
}

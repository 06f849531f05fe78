/**
 * The whole registry over fakes, with three people who may call it.
 *
 * @module
 */

import {
  type Authenticator,
  type Credentials,
  type Permission,
  type Principal,
  ProxyError,
  Secret,
} from "@llmproxy/spec";
import {
  createMemoryLogger,
  createMemoryMeter,
  type MemoryLogger,
  type MemoryMeter,
} from "@llmproxy/testing";
import { createServices } from "../create-services.ts";
import type { RpcRoutesOptions } from "../driver/options.ts";
import { type FakeCore, type FakeCoreOptions, fakeCore } from "./fake-core.ts";
import { type FakeHealth, fakeHealth } from "./fake-health.ts";

/** Everything a test of the driver looks at. */
export interface TestServices {
  readonly core: FakeCore;
  readonly health: FakeHealth;
  readonly logger: MemoryLogger;
  readonly meter: MemoryMeter;
  /** How often somebody was authenticated. */
  readonly logins: () => number;
  readonly options: RpcRoutesOptions;
}

/** Who may do what: the manager manages, the key asks models, the auditor looks. */
const people: Readonly<Record<string, { principal: Principal; permissions: readonly Permission[] }>> = {
  manager: {
    principal: { kind: "management", id: "management", roles: ["root"] },
    permissions: [
      ...(["server:read", "project:read", "project:write", "key:read", "key:write"] as const),
      ...(["config:read", "config:write", "jwt:issue"] as const),
    ],
  },
  key: {
    principal: { kind: "key", id: "abcdefghijkl", roles: ["key"], projectId: "default" },
    permissions: ["server:read", "completion:create"],
  },
  auditor: {
    principal: { kind: "management", id: "auditor", roles: ["auditor"] },
    permissions: ["server:read", "project:read", "key:read"],
  },
};

/** Makes services; `authorization: Bearer manager`, `key` and `auditor` are accepted. */
export function testServices(
  coreOptions: FakeCoreOptions = {},
  overrides: Partial<RpcRoutesOptions> = {},
): TestServices {
  const core = fakeCore(coreOptions);
  const health = fakeHealth();
  const logger = createMemoryLogger();
  const meter = createMemoryMeter();
  let logins = 0;
  const authenticator: Authenticator = {
    async authenticate(credentials) {
      logins++;
      return personOf(credentials).principal;
    },
  };
  const options: RpcRoutesOptions = {
    registry: createServices({ core, health }),
    authenticator,
    authorize(principal, permission) {
      const person = Object.values(people).find((candidate) => candidate.principal.id === principal.id);
      if (!person?.permissions.includes(permission))
        throw new ProxyError("permission_denied", `this needs the permission ${permission}`);
    },
    readCredentials: ({ authorization }) =>
      authorization === undefined
        ? { kind: "none" }
        : { kind: "token", token: new Secret(authorization.replace("Bearer ", "")) },
    logger,
    meter,
    ...overrides,
  };
  return { core, health, logger, meter, logins: () => logins, options };
}

function personOf(credentials: Credentials) {
  if (credentials.kind === "none") throw new ProxyError("unauthenticated", "an api key is needed");
  const person = people[credentials.token.reveal()];
  if (!person) throw new ProxyError("unauthenticated", "not valid", { reason: "token_not_found" });
  return person;
}

/** The metadata that presents one of the people. */
export function as(name: "manager" | "key" | "auditor"): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${name}` } };
}

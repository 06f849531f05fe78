/**
 * A core that keeps what it is asked, and says what a test tells it to.
 *
 * @module
 */

import {
  type KeyRecord,
  type Principal,
  type ProjectRecord,
  ProxyError,
  type Reply,
  Secret,
} from "@llmproxy/spec";
import type {
  CallInput,
  ConfigurationOperations,
  JwtOperations,
  KeyOperations,
  ProjectOperations,
  ServerInfo,
  ServicesCore,
  SettingView,
} from "../services-core.ts";
import { fakeReply, textParts } from "./fake-reply.ts";

/** One operation as it was asked for. */
export interface Asked {
  readonly operation: string;
  readonly principal: Principal;
  readonly input: unknown;
  readonly signal?: AbortSignal;
}

/** What the fake core does; everything has a default. */
export interface FakeCoreOptions {
  /** Answers calls that are not refused. */
  readonly answer?: (call: CallInput) => Reply | Promise<Reply>;
  readonly info?: Partial<ServerInfo>;
  /** Runs before each operation; may wait or throw. */
  readonly before?: (asked: Asked) => unknown;
}

/** A core and what it was asked. */
export interface FakeCore extends ServicesCore {
  readonly calls: CallInput[];
  readonly asked: Asked[];
}

/** A project as the fake core stores it. */
export const project: ProjectRecord = {
  id: "default",
  name: "Default",
  isActive: false,
  createdAt: new Date("2026-01-01T00:00:00Z"),
  updatedAt: new Date("2026-01-02T00:00:00Z"),
  deactivatedAt: new Date("2026-01-02T00:00:00Z"),
};

/** A key as the fake core stores it. */
export const key: KeyRecord = {
  id: "abcdefghijkl",
  projectId: "default",
  name: "laptop",
  hash: new Uint8Array(32).fill(7),
  pepperId: "pepper-1",
  createdAt: new Date("2026-01-01T00:00:00Z"),
  expiresAt: new Date("2026-04-01T00:00:00Z"),
  allowedModels: ["gpt-*"],
  metadata: { team: "search" },
};

/** A setting as the fake core knows it. */
export const setting: SettingView = {
  path: "server.port",
  value: 8080,
  source: "file",
  live: false,
  pending: 9000,
};

type Answers = <T>(
  operation: string,
  result: T,
) => (principal: Principal, input: unknown, signal: AbortSignal) => Promise<T>;

function operationsOf(answers: Answers): Omit<ServicesCore["operations"], "server"> {
  const projects: ProjectOperations = {
    create: answers("projects.create", project),
    get: answers("projects.get", project),
    list: answers("projects.list", { items: [project], nextPageToken: "page-2" }),
    update: answers("projects.update", project),
  };
  const keys: KeyOperations = {
    create: answers("keys.create", { record: key, key: new Secret("sk-llp-v1-the-key") }),
    get: answers("keys.get", key),
    list: answers("keys.list", { items: [key] }),
    update: answers("keys.update", key),
    revoke: answers("keys.revoke", { ...key, revokedAt: new Date("2026-02-01T00:00:00Z") }),
  };
  const configuration: ConfigurationOperations = {
    get: answers("configuration.get", {
      settings: [setting, { path: "default_model", value: null, source: "default", live: true }],
      file: "llmproxy.yaml",
      refused: [{ path: "server.port", message: "expected a number" }],
      loadedAt: new Date("2026-01-01T00:00:00Z"),
    }),
    setOverride: answers("configuration.setOverride", setting),
    deleteOverride: answers("configuration.deleteOverride", undefined),
  };
  const jwt: JwtOperations = {
    issue: answers("jwt.issue", {
      jwt: new Secret("header.payload.signature"),
      id: "token-1",
      expiresAt: new Date("2026-01-01T01:00:00Z"),
    }),
  };
  return { projects, keys, configuration, jwt };
}

/** Makes a core. */
export function fakeCore(options: FakeCoreOptions = {}): FakeCore {
  const { answer = () => fakeReply(textParts("Hello", " world")), before } = options;
  const calls: CallInput[] = [];
  const asked: Asked[] = [];
  const answers =
    <T>(operation: string, result: T) =>
    async (principal: Principal, input: unknown, signal: AbortSignal): Promise<T> => {
      const question = { operation, principal, input, signal };
      asked.push(question);
      await before?.(question);
      return result;
    };
  return {
    calls,
    asked,
    async handle(call) {
      calls.push(call);
      if (call.refusal) throw call.refusal;
      return answer(call);
    },
    parts(reply) {
      if (reply.form === "parts") return reply.parts;
      throw new ProxyError("internal", "the fake core knows parts only");
    },
    operations: {
      ...operationsOf(answers),
      server: {
        info(principal) {
          asked.push({ operation: "server.info", principal, input: undefined });
          return { name: "llmproxy", version: "1.2.3", models: [], ...options.info };
        },
      },
    },
  };
}

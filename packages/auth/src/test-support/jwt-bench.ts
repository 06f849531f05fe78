/**
 * An authenticator of JWTs over fakes that a test can change and break.
 *
 * @module
 */

import { type EventBus, type ProjectRecord, ProxyError, type ProxyEvent, Secret } from "@llmproxy/spec";
import { createFakeClock, createMemoryLogger } from "@llmproxy/testing";
import type { AcceptedIssuer, RemoteKeys } from "../jwt/accepted-issuer.ts";
import { createJwtAuthenticator } from "../jwt/jwt-authenticator.ts";

const createdAt = new Date("2026-01-01T00:00:00Z");

/** What an issuer's key set URL answers with. */
export type JwksAnswer = (signal: AbortSignal) => Promise<string | Uint8Array>;

/** Delivers at once, like the bus in memory. */
function createTestBus(): EventBus {
  const listeners = new Set<(event: ProxyEvent) => void>();
  return {
    async publish(event) {
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Makes the authenticator with an active project `default` and one `p2`. */
export function createJwtBench(issuers: readonly AcceptedIssuer[]) {
  const clock = createFakeClock(createdAt.getTime());
  const logger = createMemoryLogger();
  const bus = createTestBus();
  const project = (id: string): ProjectRecord => ({
    id,
    name: id,
    isActive: true,
    createdAt,
    updatedAt: createdAt,
  });
  const projects = new Map(["default", "p2"].map((id) => [id, project(id)]));
  const remote = {
    fetches: [] as RemoteKeys[],
    answer: (async () => {
      throw new Error("nobody is there");
    }) as JwksAnswer,
  };
  const authenticator = createJwtAuthenticator({
    issuers,
    fetchJwks(source, signal) {
      remote.fetches.push(source);
      return remote.answer(signal);
    },
    projects: { get: async (id) => structuredClone(projects.get(id)) },
    bus,
    clock,
    logger,
  });
  const { signal } = new AbortController();
  const authenticate = (text: string) => authenticator.authenticate(new Secret(text), signal);
  /** What is left of a token: the principal's id, or the error's code. */
  const outcomeOf = async (text: string): Promise<string> => {
    try {
      return (await authenticate(text)).id;
    } catch (error) {
      if (!ProxyError.is(error)) throw error;
      return error.code;
    }
  };
  /** Why the last refused token was refused, as the log has it. */
  const lastReason = (): unknown =>
    logger.entries.findLast((entry) => "reason" in entry.fields)?.fields.reason;
  return { clock, logger, bus, projects, remote, authenticator, authenticate, outcomeOf, lastReason };
}

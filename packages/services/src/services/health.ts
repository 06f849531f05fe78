/**
 * `grpc.health.v1.Health` over the health port. Every service of this process is in the same state.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 * @module
 */

import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  Health as StandardHealth,
} from "@llmproxy/proto";
import { type Health, ProxyError } from "@llmproxy/spec";
import { open, type Rpc, serverStream, unary } from "../rpc.ts";

const { check, list, watch } = StandardHealth.method;

/**
 * The RPCs of `grpc.health.v1.Health`.
 *
 * @param health - the state of the process
 * @param services - full names of the services; the empty name, the whole server, is always known
 * @param draining - aborts when the server begins to stop: a watch, which never ends by itself, would hold it up
 */
export function healthRpcs(
  health: Health,
  services: () => readonly string[],
  draining?: AbortSignal,
): readonly Rpc[] {
  const isKnown = (service: string): boolean => service === "" || services().includes(service);
  return [
    unary(open, check, async ({ service }) => {
      if (!isKnown(service)) throw new ProxyError("not_found", "unknown service", { field: "service" });
      return { status: servingStatus(health) };
    }),
    unary(open, list, async () => {
      const status = servingStatus(health);
      const names = ["", ...services()];
      return { statuses: Object.fromEntries(names.map((name) => [name, { status }])) };
    }),
    serverStream(open, watch, ({ service }, context) => {
      const signal = draining ? AbortSignal.any([context.signal, draining]) : context.signal;
      return isKnown(service) ? watchStatus(health, signal) : watchUnknown(signal);
    }),
  ];
}

interface StatusMessage {
  readonly status: ServingStatus;
}

/** Tells the status now and after each change. Changes a slow client misses are merged into the latest. */
async function* watchStatus(health: Health, signal: AbortSignal): AsyncGenerator<StatusMessage> {
  let wake = (): void => {};
  const unsubscribe = health.onChange(() => wake());
  // Whoever stops listening may leave the generator where it stands; the signal comes in every case.
  const onAbort = (): void => {
    unsubscribe();
    wake();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    let told: ServingStatus | undefined;
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const status = servingStatus(health);
      if (status !== told) yield { status };
      told = status;
      if (!signal.aborted) await changed;
    }
    // A server that stops says so before it ends the watch.
    const last = servingStatus(health);
    if (last !== told) yield { status: last };
    throw signal.reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
    unsubscribe();
  }
}

/** The set of services does not change while the process runs, so nothing ever follows. */
async function* watchUnknown(signal: AbortSignal): AsyncGenerator<StatusMessage> {
  yield { status: ServingStatus.SERVICE_UNKNOWN };
  await new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function servingStatus(health: Health): ServingStatus {
  return health.status().ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}

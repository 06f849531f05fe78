/**
 * Keeps the process alive: refuses calls before anything of them is read.
 *
 * @module
 */

import {
  type Clock,
  type Logger,
  type Meter,
  ProxyError,
  silentLogger,
  silentMeter,
  systemClock,
} from "@llmproxy/spec";
import { createOverloadMonitor, type OverloadMonitor } from "./overload-monitor.ts";
import { createRefusalWindows } from "./refusal-windows.ts";

/** What a shield lets through. */
export interface ShieldOptions {
  readonly clock?: Clock;
  /** Counts refusals by reason, and the calls in flight. */
  readonly meter?: Meter;
  readonly logger?: Logger;
  /** How many calls may be in flight; ≥ 1; default 2,000. */
  readonly maxConcurrency?: number;
  /** How many failed logins an address may have in a minute; ≥ 1; default 60. */
  readonly maxRefusalsPerMinute?: number;
  /** How many addresses with failed logins are watched at once; ≥ 1; default 100,000, about 15 MB when full. */
  readonly maxAddresses?: number;
  /** Tells whether the process is overloaded; whoever gives it closes it. Default: one of the shield's own. */
  readonly overload?: Pick<OverloadMonitor, "state">;
}

/** Why a call is refused: its address failed to log in too often, too many are in flight, or there is too much to do. */
export type ShieldRefusal = "address" | "concurrency" | "overload";

/** Whether a call may go on. */
export type ShieldDecision =
  | {
      readonly admitted: true;
      /** To be called when the call has ended; a second time does nothing. */
      leave(): void;
    }
  | {
      readonly admitted: false;
      readonly reason: ShieldRefusal;
      /** `limit_exceeded` for `address`, else `overloaded`; always with `retryAfterMs`. */
      readonly error: ProxyError;
    };

/** Decides about calls before they are read. */
export interface Shield {
  /**
   * Lets a call in or refuses it, at once.
   *
   * @param address - the client's; absent for calls from inside the process, which no address can lock out
   */
  enter(address: string | undefined): ShieldDecision;
  /**
   * Counts a failed login. Addresses are counted apart, IPv6 by /64. Where more are to be watched than the limit
   * allows, the one whose minute ends first is forgotten.
   */
  recordRefusal(address: string | undefined): void;
  /** Ends the watching; calls in flight may still leave. */
  close(): void;
}

const minuteMs = 60_000;
const concurrencyRetryMs = 1_000;
const minOverloadRetryMs = 1_000;
const maxOverloadRetryMs = 5_000;
const refusals: readonly ShieldRefusal[] = ["address", "concurrency", "overload"];
const noLabels = {};

/**
 * Makes a shield.
 *
 * @throws `invalid_request` naming the option that is not a positive integer
 */
export function createShield(options: ShieldOptions = {}): Shield {
  const { clock = systemClock, meter = silentMeter, logger = silentLogger } = options;
  const maxConcurrency = count("maxConcurrency", options.maxConcurrency ?? 2_000);
  const windows = createRefusalWindows({
    clock,
    windowMs: minuteMs,
    maxRefusals: count("maxRefusalsPerMinute", options.maxRefusalsPerMinute ?? 60),
    maxAddresses: count("maxAddresses", options.maxAddresses ?? 100_000),
  });
  const own = options.overload ? undefined : createOverloadMonitor({ clock, logger });
  const overload = options.overload ?? own;
  const measured = createInstruments(meter);
  let inFlight = 0;

  const refuse = (reason: ShieldRefusal, error: ProxyError): ShieldDecision => {
    measured.refused(reason);
    return { admitted: false, reason, error };
  };
  const admit = (): ShieldDecision => {
    let left = false;
    measured.inFlight(++inFlight);
    return {
      admitted: true,
      leave() {
        if (left) return;
        left = true;
        measured.inFlight(--inFlight);
      },
    };
  };

  return {
    enter(address) {
      const waitMs = address === undefined ? 0 : windows.waitMs(address);
      if (waitMs > 0) return refuse("address", tooManyRefusals(waitMs));
      const state = overload?.state();
      if (state?.overloaded) return refuse("overload", overloaded(state.durationMs));
      if (inFlight >= maxConcurrency) return refuse("concurrency", tooManyCalls());
      return admit();
    },
    recordRefusal(address) {
      if (address !== undefined) windows.record(address);
    },
    close: () => own?.close(),
  };
}

function count(field: keyof ShieldOptions, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ProxyError("invalid_request", `${field} is ${value}; it must be a positive integer`, { field });
}

function createInstruments(meter: Meter) {
  const refused = meter.counter({
    name: "llmproxy_shield_refused_total",
    help: "Calls refused before they were read, by reason.",
    labels: ["reason"],
  });
  const inFlight = meter.gauge({
    name: "llmproxy_shield_calls_in_flight",
    help: "Calls that were let in and have not ended.",
  });
  // A rate over a counter that appears with its first refusal would miss that one.
  for (const reason of refusals) refused.add({ reason }, 0);
  inFlight.set(noLabels, 0);
  return {
    refused: (reason: ShieldRefusal) => refused.add({ reason }),
    inFlight: (calls: number) => inFlight.set(noLabels, calls),
  };
}

function tooManyRefusals(waitMs: number): ProxyError {
  return new ProxyError(
    "limit_exceeded",
    `too many failed logins from this address; try again in ${Math.ceil(waitMs / 1_000)} s`,
    { retryAfterMs: Math.ceil(waitMs) },
  );
}

function tooManyCalls(): ProxyError {
  return new ProxyError("overloaded", "too many calls are in progress; try again shortly", {
    retryAfterMs: concurrencyRetryMs,
  });
}

/** The longer it lasts, the later clients should come back: what has lasted 3 s is expected to take 3 s more. */
function overloaded(durationMs: number): ProxyError {
  return new ProxyError("overloaded", "the server has too much to do; try again shortly", {
    retryAfterMs: Math.ceil(Math.min(Math.max(durationMs, minOverloadRetryMs), maxOverloadRetryMs)),
  });
}

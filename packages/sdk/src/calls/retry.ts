/**
 * Whether a failed try is followed by another one, and when.
 *
 * @module
 */

import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { permissionOption } from "@llmproxy/proto";
import type { Failure } from "./failure.ts";

/** When a failed call is tried again. */
export interface RetryOptions {
  /** How often a call is tried in all, unless there are more base URLs than that; 3 when absent. 1 never tries again. */
  readonly attempts?: number;
  /** The bound of the first wait, in milliseconds; it doubles with each, and a wait is drawn from below it. 250 when absent. */
  readonly baseDelayMs?: number;
  /** The longest wait, in milliseconds; 10,000 when absent. */
  readonly maxDelayMs?: number;
  /** The longest wait a server may ask for, in milliseconds: beyond it the call fails at once. 60,000 when absent. */
  readonly maxRetryAfterMs?: number;
}

/** Tells the share of a wait that is waited, from 0 up to 1. */
export type Random = () => number;

/** What is known when a try has failed. */
export interface Situation {
  readonly method: DescMethod;
  readonly failure: Failure;
  /** How many tries there have been, this one included; at least 1. */
  readonly tries: number;
  /** Whether the next try goes to another server than this one. */
  readonly changesServer: boolean;
}

/** Decides about tries. */
export class RetryPolicy {
  readonly #attempts: number;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #maxRetryAfterMs: number;
  readonly #random: Random;

  constructor(options: RetryOptions, random: Random) {
    this.#attempts = options.attempts ?? 3;
    this.#baseDelayMs = options.baseDelayMs ?? 250;
    this.#maxDelayMs = options.maxDelayMs ?? 10_000;
    this.#maxRetryAfterMs = options.maxRetryAfterMs ?? 60_000;
    this.#random = random;
  }

  /**
   * How long to wait before the next try, in milliseconds; undefined when there is none.
   *
   * @param servers - how many there are: each may be tried once where one after the other fails
   */
  delayMs({ method, failure, tries, changesServer }: Situation, servers: number): number | undefined {
    const most = this.#attempts > 1 ? Math.max(this.#attempts, servers) : 1;
    if (tries >= most || !mayRepeat(method, failure)) return undefined;
    const { retryAfterMs } = failure.error;
    if (changesServer) return 0;
    if (retryAfterMs === undefined) return this.#backOffMs(tries);
    // All who were told the same moment must not come back at it.
    return retryAfterMs > this.#maxRetryAfterMs
      ? undefined
      : retryAfterMs + this.#random() * this.#baseDelayMs;
  }

  /** Full jitter: anything up to a bound that doubles. */
  #backOffMs(tries: number): number {
    return this.#random() * Math.min(this.#maxDelayMs, this.#baseDelayMs * 2 ** (tries - 1));
  }
}

/** What may have been done already may be done again only where that changes nothing. */
function mayRepeat(method: DescMethod, { kind }: Failure): boolean {
  if (kind === "lost") return isRepeatable(method);
  return kind === "refused" || kind === "unreachable";
}

/** Whether doing it twice does no harm. A model that did not answer can be asked again. */
function isRepeatable(method: DescMethod): boolean {
  return (
    method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN || isModelCall(method) || !hasPermission(method)
  );
}

/** Whether a method asks a model. */
export function isModelCall(method: DescMethod): boolean {
  return hasPermission(method) && getOption(method, permissionOption) === "completion:create";
}

/** Methods without one are gRPC's own, which look and touch nothing. */
function hasPermission(method: DescMethod): boolean {
  return hasOption(method, permissionOption);
}

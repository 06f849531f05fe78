/**
 * Whether the process can serve.
 *
 * @module
 */

/** The result of one named check. */
export interface HealthCheckResult {
  readonly name: string;
  readonly healthy: boolean;
  /** What is wrong, safe to show; absent when healthy. */
  readonly message?: string;
}

/** The state of the process. */
export interface HealthStatus {
  /** Whether calls should be sent here: everything needed works and no shutdown has begun. */
  readonly ready: boolean;
  /** Every check, in the order they were registered. */
  readonly checks: readonly HealthCheckResult[];
}

/** Knows whether the process can serve. */
export interface Health {
  /** The state as last checked; never blocks. */
  status(): HealthStatus;
  /**
   * Calls `listener` whenever `ready` changes.
   *
   * @returns a function that ends the subscription
   */
  onChange(listener: (status: HealthStatus) => void): () => void;
}

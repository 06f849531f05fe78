/**
 * What a model name means.
 *
 * @module
 */

/** One model of one provider. */
export interface Target {
  /** The provider's configured name. */
  readonly provider: string;
  /** The model as the vendor names it. */
  readonly model: string;
}

/** What a requested model name resolves to. */
export interface Route {
  /** The name the route is known by: a configured model's name, or the requested name itself. */
  readonly name: string;
  /** Targets in order of priority; never empty. */
  readonly targets: readonly Target[];
}

/** A model that can be asked for. */
export interface ModelInfo {
  /** The name clients use. */
  readonly id: string;
  /** The provider that owns it, or of its first target. */
  readonly provider: string;
  /** Other names for the same model. */
  readonly aliases: readonly string[];
  /** When the vendor made it, where known. */
  readonly createdAt?: Date;
  /** The most tokens of input and output together, where known. */
  readonly maxContextTokens?: number;
  /** The most tokens of output, where known. */
  readonly maxOutputTokens?: number;
}

/** A chosen target, and the duty to say how it went. */
export interface Pick {
  readonly target: Target;
  /** Call exactly once, when the attempt has ended. */
  done(outcome: "succeeded" | "failed" | "canceled"): void;
}

/** Chooses a target. Never blocks, never does I/O (after grpc-go's balancer). */
export interface Picker {
  /**
   * @param route - where the call may go
   * @param tried - targets that already failed for this call
   * @returns the next target, or undefined when none is left
   */
  pick(route: Route, tried: ReadonlySet<Target>): Pick | undefined;
}

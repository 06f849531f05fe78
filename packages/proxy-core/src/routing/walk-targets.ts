/**
 * Trying the targets of a route, one after another, until one answers.
 *
 * @module
 */

import {
  type Attempt,
  type Call,
  type Clock,
  type LlmRequest,
  type Logger,
  type Pick,
  type Picker,
  type Provider,
  type ProviderCall,
  ProxyError,
  type Target,
} from "@llmproxy/spec";
import { mayFallBack, tellingFailure } from "./fallback.ts";
import type { ModelRegistry } from "./model-registry.ts";

/** What routing is made from. */
export interface RouterOptions {
  readonly registry: ModelRegistry;
  readonly providers: readonly Provider[];
  readonly picker: Picker;
  readonly clock: Clock;
  /** Told when a provider begins or stops to refuse our credentials; everything else goes to the call's logger. */
  readonly logger: Logger;
}

/** One try of one target. */
export interface TargetTry {
  readonly provider: Provider;
  /** What to ask of the provider. */
  readonly call: ProviderCall;
  /** To be called when the first output has come. */
  noteOutput(): void;
  /** To be called once when a try that has answered is over; one that rejects is closed by the walk. */
  close(outcome: NonNullable<Attempt["outcome"]>, error?: ProxyError): void;
}

/** Walks routes. */
export interface TargetWalk {
  /**
   * Tries the targets of the call's model as the picker says, each at most once, until `ask` resolves. The call's
   * `route` and `attempts` are kept up to date. When all have failed, the failure is the one that says when to come
   * back, else a vendor's own answer, else the last.
   *
   * @throws `model_not_found` when the model's name means nothing
   * @throws the signal's reason when it aborted
   */
  run<T>(call: Call, ask: (attempt: TargetTry) => Promise<T>): Promise<T>;
}

/** Makes a walk. */
export function createTargetWalk(options: RouterOptions): TargetWalk {
  return new Walk(options);
}

class Walk implements TargetWalk {
  readonly #options: RouterOptions;
  readonly #providers: ReadonlyMap<string, Provider>;
  /** Providers that refuse our credentials, to say so once and not once per call. */
  readonly #refusing = new Set<string>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#providers = new Map(options.providers.map((provider) => [provider.name, provider]));
  }

  async run<T>(call: Call, ask: (attempt: TargetTry) => Promise<T>): Promise<T> {
    const { registry, picker } = this.#options;
    const { request } = call;
    if (!request) throw new ProxyError("internal", "the call was routed before its request was read");
    const route = registry.resolve(request.model);
    call.route = route;
    const tried = new Set<Target>();
    const failures: ProxyError[] = [];
    for (let pick = picker.pick(route, tried); pick; pick = picker.pick(route, tried)) {
      tried.add(pick.target);
      try {
        return await this.#attempt({ call, request, pick }, ask);
      } catch (reason) {
        if (call.signal.aborted) throw ProxyError.from(call.signal.reason);
        const error = ProxyError.from(reason);
        if (!mayFallBack(error)) throw error;
        failures.push(error);
      }
    }
    throw tellingFailure(failures);
  }

  async #attempt<T>(
    { call, request, pick }: { readonly call: Call; readonly request: LlmRequest; readonly pick: Pick },
    ask: (attempt: TargetTry) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options;
    const { target } = pick;
    const attempt: Attempt = { target, startedMs: clock.monotonic() };
    call.attempts.push(attempt);
    const close: TargetTry["close"] = (outcome, error) => {
      attempt.endedMs = clock.monotonic();
      attempt.outcome = outcome;
      if (error) attempt.errorCode = error.code;
      pick.done(outcome);
    };
    try {
      return await ask({
        provider: this.#provider(target),
        call: providerCall(call, request, target),
        noteOutput: () => {
          attempt.firstOutputMs = clock.monotonic();
          this.#noteSuccess(target);
        },
        close,
      });
    } catch (reason) {
      const error = ProxyError.from(reason);
      close(call.signal.aborted ? "canceled" : "failed", error);
      if (!call.signal.aborted) this.#noteFailure(call, target, error);
      throw error;
    }
  }

  #noteSuccess({ provider }: Target): void {
    if (this.#refusing.delete(provider))
      this.#options.logger.info({ provider }, "the provider accepts our credentials again");
  }

  #noteFailure(call: Call, { provider, model }: Target, error: ProxyError): void {
    call.logger.debug({ provider, model, code: error.code, error }, "a target did not answer");
    if (error.code !== "upstream_auth" || this.#refusing.has(provider)) return;
    this.#refusing.add(provider);
    this.#options.logger.warn({ provider, error }, "the provider refuses our credentials");
  }

  #provider({ provider: name }: Target): Provider {
    const provider = this.#providers.get(name);
    if (provider) return provider;
    throw new ProxyError("internal", `the route names a provider that is not there: "${name}"`);
  }
}

function providerCall(call: Call, request: LlmRequest, { model }: Target): ProviderCall {
  return {
    id: call.id,
    model,
    request,
    signal: call.signal,
    ...(call.trace ? { trace: call.trace } : {}),
    onPhase(phase) {
      call.phase = phase;
    },
  };
}

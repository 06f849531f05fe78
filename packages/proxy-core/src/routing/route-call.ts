/**
 * The end of the path: which target answers.
 *
 * @module
 */

import {
  type Attempt,
  type Call,
  type Clock,
  type Handler,
  type LlmRequest,
  type Logger,
  type Pick,
  type Picker,
  type Provider,
  ProxyError,
  type Reply,
  type ReplyEnd,
  type Target,
} from "@llmproxy/spec";
import { mayFallBack, tellingFailure } from "./fallback.ts";
import type { ModelRegistry } from "./model-registry.ts";

/** What a {@link createRouter} is made from. */
export interface RouterOptions {
  readonly registry: ModelRegistry;
  readonly providers: readonly Provider[];
  readonly picker: Picker;
  readonly clock: Clock;
  /** Told when a provider begins or stops to refuse our credentials; everything else goes to the call's logger. */
  readonly logger: Logger;
}

/**
 * Makes the handler that calls a model. It stands after the `read` stage: the call has a request.
 *
 * Targets are tried as the picker says, each at most once, until one gives its first output; after that a
 * failure is the reply's. The call's `route`, `attempts` and `phase` are kept up to date. When all targets have
 * failed, the client is told the failure that says when to come back, else a vendor's own answer, else the last.
 *
 * @throws `model_not_found` when the model's name means nothing
 * @throws the signal's reason when it aborted before the first output
 */
export function createRouter(options: RouterOptions): Handler {
  const router = new Router(options);
  return (call) => router.answer(call);
}

class Router {
  readonly #options: RouterOptions;
  readonly #providers: ReadonlyMap<string, Provider>;
  /** Providers that refuse our credentials, to say so once and not once per call. */
  readonly #refusing = new Set<string>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#providers = new Map(options.providers.map((provider) => [provider.name, provider]));
  }

  async answer(call: Call): Promise<Reply> {
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
        return await this.#attempt(call, request, pick);
      } catch (reason) {
        if (call.signal.aborted) throw ProxyError.from(call.signal.reason);
        const error = ProxyError.from(reason);
        if (!mayFallBack(error)) throw error;
        failures.push(error);
      }
    }
    throw tellingFailure(failures);
  }

  async #attempt(call: Call, request: LlmRequest, pick: Pick): Promise<Reply> {
    const { clock } = this.#options;
    const { target } = pick;
    const attempt: Attempt = { target, startedMs: clock.monotonic() };
    call.attempts.push(attempt);
    const close = (outcome: NonNullable<Attempt["outcome"]>, error?: ProxyError): void => {
      attempt.endedMs = clock.monotonic();
      attempt.outcome = outcome;
      if (error) attempt.errorCode = error.code;
      pick.done(outcome);
    };
    try {
      const reply = await this.#call(call, request, target);
      attempt.firstOutputMs = clock.monotonic();
      call.phase = "streaming";
      this.#noteSuccess(target);
      reply.onEnd((end) => close(attemptOutcome(call, end), end.error));
      return reply;
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

  #call(call: Call, request: LlmRequest, { provider: name, model }: Target): Promise<Reply> {
    const provider = this.#providers.get(name);
    if (!provider)
      throw new ProxyError("internal", `the route names a provider that is not there: "${name}"`);
    return provider.call({
      id: call.id,
      model,
      request,
      signal: call.signal,
      ...(call.trace ? { trace: call.trace } : {}),
      onPhase(phase) {
        call.phase = phase;
      },
    });
  }
}

function attemptOutcome(call: Call, { outcome }: ReplyEnd): NonNullable<Attempt["outcome"]> {
  if (outcome === "finished") return "succeeded";
  return outcome === "canceled" || call.signal.aborted ? "canceled" : "failed";
}

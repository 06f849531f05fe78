/**
 * The path of every call, whichever edge it came in by.
 *
 * A stage sees a call on its way in and the end of its reply on the way out. The order is a decision: what
 * must also see refusals stands outside what refuses, and nothing reads a body before the caller is known
 * (docs/decisions/0004-request-path.md).
 *
 * @module
 */

import type { Shield } from "@llmproxy/ratelimit";
import type { Authenticator, Clock, Handler, Logger, Meter, Stage, UsageJournal } from "@llmproxy/spec";
import { compose } from "./compose.ts";
import { admit } from "./stages/admit.ts";
import { aroundRoute } from "./stages/around-route.ts";
import { journal } from "./stages/journal.ts";
import { meter } from "./stages/meter.ts";
import { read } from "./stages/read.ts";
import { shield } from "./stages/shield.ts";
import { trace } from "./stages/trace.ts";

/** What the stages work with. */
export interface Collaborators {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly shield: Shield;
  readonly authenticator: Authenticator;
  /** Absent where nothing is persisted. */
  readonly journal: UsageJournal | undefined;
  readonly stages: CustomStages;
}

/**
 * Stages of an embedding application; the first of a list is the outermost. A stage stands in more than one path: what
 * it remembers between calls belongs outside of the function that takes `next`.
 */
export interface CustomStages {
  /** Behind `admit`: the caller is known and what they use is recorded; the body has not been read. */
  readonly afterAdmit?: readonly Stage[];
  /**
   * Around `route`: the request is known, and the reply passes on its way out. A stage may replace `call.request`. It
   * also sees requests to count tokens (`operation`), for what is counted may be sent to a vendor.
   */
  readonly aroundRoute?: readonly Stage[];
}

/**
 * The path of a call to a model; read the list from top to bottom.
 *
 * @param route - resolves the model, asks a target, falls back before the first output
 */
export function llmPipeline(use: Collaborators, route: Handler): Handler {
  return compose(
    [
      trace(use.logger, use.clock), //         ids, a logger, one line at the end
      meter(use.meter, use.clock), //          counts and times, refusals included
      shield(use.shield), //                   too many from one address, too many at once, overload
      admit(use.authenticator), //             who is it, may they
      journal(use.journal, use.clock), //      what admitted callers used
      ...(use.stages.afterAdmit ?? []), //     of an embedding application
      read(), //                               the bounded body, the model permission
      aroundRoute(use.stages.aroundRoute), //  of an embedding application
    ],
    route,
  );
}

/**
 * The path of a call that asks no model, such as listing them. The stages are made once; what answers is given
 * for each call.
 */
export function controlPipeline(use: Collaborators): (answer: Handler) => Handler {
  const stages = [
    trace(use.logger, use.clock),
    meter(use.meter, use.clock),
    shield(use.shield),
    admit(use.authenticator),
  ];
  return (answer) => compose(stages, answer);
}

/**
 * The path of a call whose request is read, but that asks no model for output. What an application keeps from vendors
 * it also keeps from those that count.
 */
export function requestPipeline(use: Collaborators): (answer: Handler) => Handler {
  const stages = [
    trace(use.logger, use.clock),
    meter(use.meter, use.clock),
    shield(use.shield),
    admit(use.authenticator),
    ...(use.stages.afterAdmit ?? []),
    read(),
    aroundRoute(use.stages.aroundRoute),
  ];
  return (answer) => compose(stages, answer);
}

/** The path of a request that leads nowhere: whoever sends many of them is counted and held off like everybody. */
export function strayPipeline(use: Collaborators): (answer: Handler) => Handler {
  const stages = [trace(use.logger, use.clock), meter(use.meter, use.clock), shield(use.shield)];
  return (answer) => compose(stages, answer);
}

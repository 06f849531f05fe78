/**
 * Everything that is reached by plain HTTP, in the order it is asked: what a REST-only deployment consists of, and
 * what a whole server puts its other protocols between.
 *
 * @module
 */

import {
  type CorsPolicy,
  createCors,
  type HttpRequest as LlmRequest,
  type HttpResponse as LlmResponse,
  requestIdOf,
} from "@llmproxy/core";
import type { Core } from "@llmproxy/core/config";
import type { RpcRegistry } from "@llmproxy/services";
import { type Clock, type Logger, ProxyError } from "@llmproxy/spec";
import { createApiDocs } from "./docs/api-docs.ts";
import { type HttpRequest, type HttpResponse, splitTarget } from "./http/exchange.ts";
import { errorBody } from "./http/write-error.ts";
import { createOperationsRoutes, type OperationsRequest } from "./operations-routes.ts";
import { createTranscoder } from "./transcoding/transcoder.ts";

/** What every surface can work with; requests of HTTP/1.1 and HTTP/2 both are. */
export type AnyRequest = HttpRequest & LlmRequest;

/** What every surface can write to. */
export type AnyResponse = HttpResponse & LlmResponse;

/** Answers some of the requests. */
export interface Surface<Request extends AnyRequest, Response extends AnyResponse> {
  /** @returns false when the request is none of its own, which it has then left untouched */
  handle(request: Request, response: Response): boolean;
}

/** What may change while the server runs. */
export interface RestSettings {
  readonly cors: CorsPolicy;
  /** Whether metrics ask for credentials. */
  readonly metricsAuth: boolean;
}

/** What the surface is made from. */
export interface RestSurfaceOptions<Request extends AnyRequest, Response extends AnyResponse> {
  readonly core: Core;
  readonly registry: RpcRegistry;
  /** Read at each request. */
  readonly settings: () => RestSettings;
  /** The largest body of a call to a model, in bytes. */
  readonly maxBodyBytes: number;
  /** Where metrics are shown; nowhere when absent. */
  readonly metricsPath?: string | undefined;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Other protocols on the same port; asked before the endpoints of models, which answer whatever nobody knows. */
  readonly others?: readonly Surface<Request, Response>[];
}

/** How long looking up who asks for metrics may take. */
const admitTimeoutMs = 5000;

/** Where nobody but our own clients goes, also by mistake. */
const ownPaths = /^\/(manage|api|engines)(\/|$)/;

/** Makes the surface: it answers every request, completely, and never throws. */
export function createRestSurface<Request extends AnyRequest, Response extends AnyResponse>(
  options: RestSurfaceOptions<Request, Response>,
): (request: Request, response: Response) => void {
  const { core, settings, others = [] } = options;
  const cors = createCors(() => settings().cors);
  const llm = core.proxy.http;
  const surfaces: readonly Surface<Request, Response>[] = [
    operationsOf(options),
    docsOf(options),
    ...others,
    transcoderOf(options),
  ];
  return (request, response) => {
    const { path } = splitTarget(request.url);
    const isLlm = llm.matches(path);
    const shape = isLlm || !ownPaths.test(path) ? llm.errorShape(request) : errorBody;
    if (cors.handle(request, response, shape)) return;
    if (isLlm || !surfaces.some((surface) => surface.handle(request, response)))
      llm.handle(request, response, shape);
  };
}

type Fixed = Omit<RestSurfaceOptions<AnyRequest, AnyResponse>, "others">;

function operationsOf({ core, clock, version, metricsPath, settings }: Fixed) {
  const { health, metrics, jwks } = core;
  const admit = async (request: OperationsRequest): Promise<void> => {
    if (settings().metricsAuth) await admitReader({ core, clock }, request);
  };
  return createOperationsRoutes({
    ...{ health, clock, version, jwks },
    requestId: (offered) => requestIdOf(offered, clock.now()),
    ...(metricsPath !== undefined && { metrics: { path: metricsPath, source: metrics, admit } }),
  });
}

function docsOf({ registry, version, metricsPath, clock }: Fixed) {
  return createApiDocs({
    ...{ registry, version, jwks: true },
    requestId: (offered) => requestIdOf(offered, clock.now()),
    ...(metricsPath !== undefined && { metricsPath }),
  });
}

function transcoderOf({ core, registry, maxBodyBytes, clock, logger }: Fixed) {
  const { authenticator, authorize, readCredentials, shield, metrics, shutdown, proxy } = core;
  return createTranscoder({
    ...{ registry, authenticator, authorize, readCredentials, shield, clock, logger },
    limits: { maxCallBytes: maxBodyBytes },
    shutdownSignal: shutdown,
    meter: metrics.meter,
    clientAddress: (request) => proxy.clientAddress(request),
  });
}

/** Holds off who keeps failing, as everywhere: the management token must not be guessed here. */
async function admitReader(
  { core, clock }: Pick<Fixed, "core" | "clock">,
  request: OperationsRequest,
): Promise<void> {
  const address = core.proxy.clientAddress(request);
  const { authenticator, authorize, readCredentials, shield } = core;
  const decision = shield.enter(address);
  if (!decision.admitted) throw decision.error;
  const giveUp = new AbortController();
  const timer = clock.schedule(admitTimeoutMs, () =>
    giveUp.abort(new ProxyError("deadline_exceeded", "it took too long to find out who is asking")),
  );
  try {
    const principal = await authenticator.authenticate(readCredentials(request.headers), giveUp.signal);
    authorize(principal, "metrics:read");
  } catch (reason) {
    const isGuess = ProxyError.is(reason) && reason.code === "unauthenticated" && reason.reason !== undefined;
    if (isGuess && address !== undefined) shield.recordRefusal(address);
    throw reason;
  } finally {
    timer.cancel();
    decision.leave();
  }
}

/**
 * One RPC by REST, from its headers to its end.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import {
  observeStream,
  passGate,
  type RpcLimits,
  type RpcObserver,
  type RpcOutput,
  RpcRun,
  untilAbort,
} from "@llmproxy/services";
import { type Clock, type JsonValue, ProxyError } from "@llmproxy/spec";
import {
  breakOff,
  type HttpRequest,
  type HttpResponse,
  plainHeaders,
  splitTarget,
} from "../http/exchange.ts";
import { announcesBody, readJsonBytes } from "../http/read-body.ts";
import { writeError } from "../http/write-error.ts";
import { beginStream, writeStream } from "../http/write-stream.ts";
import { writeField, writeMessage } from "../json/write-message.ts";
import { type Binding, nextPageHeader } from "./binding.ts";
import type { TranscoderOptions } from "./options.ts";
import { readRequest } from "./read-request.ts";
import { createRestContext } from "./rest-context.ts";
import type { Match } from "./routes.ts";

/** Options with their defaults. */
export interface TranscoderSettings extends Omit<TranscoderOptions, "limits"> {
  readonly clock: Clock;
  readonly observe: RpcObserver;
  readonly limits: RpcLimits;
  readonly clientAddress: (request: HttpRequest) => string | undefined;
  readonly stallMs: number;
  readonly keepAliveMs: number;
}

/** An RPC being answered. */
interface Exchange {
  readonly match: Match;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly run: RpcRun;
  readonly trailers: Record<string, string>;
  readonly settings: TranscoderSettings;
}

/** Answers completely; never rejects. */
export async function answerRpc(
  match: Match,
  request: HttpRequest,
  response: HttpResponse,
  settings: TranscoderSettings,
): Promise<void> {
  const { clock, observe, stallMs } = settings;
  const { registered } = match.binding;
  const { context, trailers, release } = createRestContext(registered.path, request, response, settings);
  const run = new RpcRun(registered, context, { observe, startedMs: clock.monotonic() });
  run.onEnd(release);
  // Noted before the handler hears of it, which may end as if nothing had happened.
  context.signal.addEventListener("abort", () => run.fail(context.signal.reason), { once: true });
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  // A body that nobody wants is thrown away; the listener bounds for how long.
  response.once("finish", () => request.resume());
  try {
    await passGate(run, plainHeaders(request.headers), settings);
    await answer({ match, request, response, run, trailers, settings });
  } catch (reason) {
    const error = run.fail(reason);
    if (context.signal.aborted && error.code === "canceled") breakOff(response);
    else writeError(response, inBody(error, match.binding, splitTarget(request.url).query));
  }
  const timer = clock.schedule(stallMs, () => {
    breakOff(response);
    run.end();
  });
  await closed;
  timer.cancel();
  run.end();
}

/** An error as the client sees it, for whom the body begins below the field it fills. */
function inBody(error: ProxyError, { body }: Binding, query: string): ProxyError {
  if (typeof body === "string" || error.field === undefined) return error;
  if (new URLSearchParams(query).has(error.field)) return error;
  const outer = `${body.name}.`;
  if (!error.field.startsWith(outer)) return error;
  const { code, message, reason, retryAfterMs, vendor, cause } = error;
  const field = error.field.slice(outer.length);
  // A message begins with the path, and each further violation in it too.
  const texts = message.split("; ").map((text) => (text.startsWith(outer) ? text.slice(outer.length) : text));
  return new ProxyError(code, texts.join("; "), {
    field,
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(vendor && { vendor }),
    cause,
  });
}

async function answer(exchange: Exchange): Promise<void> {
  const { match, request, response, run, settings } = exchange;
  const { rpc } = match.binding.registered;
  const body = await readBody(exchange);
  const message = readRequest(match, { query: splitTarget(request.url).query, body });
  if (rpc.kind === "unary") {
    const context = run.handOver();
    const output = await untilAbort(rpc.handle(message, context), context.signal);
    writeOutput(exchange, output);
    return;
  }
  if (request.method === "HEAD") {
    beginStream(response);
    response.end();
    run.succeed();
    return;
  }
  const outputs = observeStream(run, (context) => rpc.handle(message, context));
  const { clock, stallMs, keepAliveMs } = settings;
  const { signal } = run.context;
  const streaming = { clock, signal, stallMs, keepAliveMs, trailers: exchange.trailers };
  await writeStream(jsonOf(match.binding, outputs), response, streaming);
}

function readBody({ match, request, run, settings }: Exchange): Promise<Uint8Array> | Uint8Array {
  const { binding } = match;
  const { clock, stallMs, limits } = settings;
  const { access } = binding.registered.rpc;
  if (binding.body === "none") return noBody(request);
  const maxBytes = access.kind === "call" ? limits.maxCallBytes : limits.maxOperationBytes;
  return readJsonBytes(request, { maxBytes, signal: run.context.signal, clock, stallMs });
}

function noBody(request: HttpRequest): Uint8Array {
  if (announcesBody(request)) throw new ProxyError("invalid_request", "body: expected none");
  return new Uint8Array();
}

function writeOutput({ match, request, response, run, trailers }: Exchange, output: RpcOutput): void {
  const { binding } = match;
  const message = messageOf(binding, output);
  const body = Buffer.from(JSON.stringify(toJson(binding, message)));
  const nextPage = binding.nextPageField && message.get(binding.nextPageField);
  if (typeof nextPage === "string" && nextPage !== "") response.setHeader(nextPageHeader, nextPage);
  run.succeed();
  for (const [name, value] of Object.entries(trailers)) response.setHeader(name, value);
  response.statusCode = binding.successStatus;
  if (binding.successStatus === 204) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", String(body.length));
  response.end(request.method === "HEAD" ? new Uint8Array() : body);
}

function messageOf({ registered }: Binding, output: RpcOutput): ReflectMessage {
  const schema = registered.rpc.method.output;
  return reflect(schema, create(schema, output));
}

function toJson({ responseField }: Binding, message: ReflectMessage): JsonValue {
  return responseField ? writeField(message, responseField) : writeMessage(message);
}

function jsonOf(binding: Binding, outputs: AsyncIterator<RpcOutput>): AsyncIterator<JsonValue> {
  return {
    async next() {
      const result = await outputs.next();
      return result.done
        ? { done: true, value: undefined }
        : { value: toJson(binding, messageOf(binding, result.value)) };
    },
    async return() {
      await outputs.return?.();
      return { done: true, value: undefined };
    },
  };
}

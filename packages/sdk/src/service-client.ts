/**
 * Typed clients of the services.
 *
 * @module
 */

import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type CallOptions, makeAnyClient } from "@connectrpc/connect";
import type { Caller } from "./calls/caller.ts";

/** What a method of a service looks like to whoever calls it. */
type Method<D> =
  D extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : D extends DescMethodServerStreaming<infer I, infer O>
      ? (
          request: MessageInitShape<I>,
          options?: CallOptions,
        ) => AsyncIterableIterator<MessageShape<O>, undefined>
      : never;

/**
 * A service with its methods in lowerCamel. Each takes the fields of its request message and call options; one that
 * answers once returns a promise, one that answers with a stream something to iterate, which stops upstream when
 * its reader leaves. They throw `LlmProxyError`.
 */
export type ServiceClient<S extends DescService> = {
  readonly [Name in keyof S["method"]]: Method<S["method"][Name]>;
};

/**
 * Makes the client of a service.
 *
 * @throws TypeError for a service with methods that take streams, which browsers cannot send
 */
export function createServiceClient<S extends DescService>(service: S, caller: Caller): ServiceClient<S> {
  const client = makeAnyClient(service, (method) => {
    switch (method.methodKind) {
      case "unary":
        return (request: MessageInitShape<DescMessage>, options?: CallOptions) =>
          caller.unary(method, request, options);
      case "server_streaming":
        return (request: MessageInitShape<DescMessage>, options?: CallOptions) =>
          caller.stream(method, request, options);
      default:
        throw new TypeError(`${service.typeName} takes streams`);
    }
  });
  // Its members are made from the descriptor whose type this is.
  return client as ServiceClient<S>;
}

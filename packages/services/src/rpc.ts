/**
 * An RPC as the registry holds it: its descriptor, who may call it, and the function that answers.
 *
 * @module
 */

import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { ProxyError } from "@llmproxy/spec";
import type { RpcContext } from "./rpc-context.ts";

/**
 * Who may call an RPC, and who accounts for it.
 *
 * `operation`: who has the permission its proto declares. `call`: the same, but the core's pipeline counts, logs
 * and protects it; the driver looks at the credentials first only to keep strangers from sending bodies.
 * `credential`: anybody with valid credentials. `public`: anybody.
 */
export type RpcAccess =
  | { readonly kind: "operation" | "credential" | "public" }
  | {
      readonly kind: "call";
      /**
       * Sends a refusal down the pipeline, so that it is seen there as every other.
       *
       * @throws the refusal, or what the pipeline says instead
       */
      readonly refuse: (refusal: ProxyError, context: RpcContext) => Promise<never>;
    };

/** Needs the permission its proto declares. */
export const operation: RpcAccess = { kind: "operation" };

/** Needs any valid credentials. */
export const credential: RpcAccess = { kind: "credential" };

/** Needs nothing. */
export const open: RpcAccess = { kind: "public" };

/** What a handler answers with: the fields of the response message. */
export type RpcOutput = MessageInitShape<DescMessage>;

/** One message in, one out. */
export interface UnaryRpc {
  readonly kind: "unary";
  readonly access: RpcAccess;
  readonly method: DescMethodUnary;
  /** Answers. @throws `ProxyError` when there is no answer */
  handle(message: Message, context: RpcContext): Promise<RpcOutput>;
}

/** One message in, a stream out. */
export interface ServerStreamRpc {
  readonly kind: "server-stream";
  readonly access: RpcAccess;
  readonly method: DescMethodServerStreaming;
  /** Answers; what is opened is opened by the first `next` and closed by the end, `return` or the signal. */
  handle(message: Message, context: RpcContext): AsyncIterable<RpcOutput>;
}

/** A stream in, a stream out. */
export interface BidiStreamRpc {
  readonly kind: "bidi-stream";
  readonly access: RpcAccess;
  readonly method: DescMethodBiDiStreaming;
  /** Answers; what is opened is opened by the first `next` and closed by the end, `return` or the signal. */
  handle(messages: AsyncIterable<Message>, context: RpcContext): AsyncIterable<RpcOutput>;
}

/** An RPC. There are none with a stream in and one message out. */
export type Rpc = UnaryRpc | ServerStreamRpc | BidiStreamRpc;

/** Binds a method to the function that answers it. */
export function unary<I extends DescMessage, O extends DescMessage>(
  access: RpcAccess,
  method: DescMethodUnary<I, O>,
  handle: (message: MessageShape<I>, context: RpcContext) => Promise<MessageInitShape<O>>,
): UnaryRpc {
  return { kind: "unary", access, method, handle };
}

/** Binds a method that answers with a stream. */
export function serverStream<I extends DescMessage, O extends DescMessage>(
  access: RpcAccess,
  method: DescMethodServerStreaming<I, O>,
  handle: (message: MessageShape<I>, context: RpcContext) => AsyncIterable<MessageInitShape<O>>,
): ServerStreamRpc {
  return { kind: "server-stream", access, method, handle };
}

/** Binds a method that takes and answers with a stream. */
export function bidiStream<I extends DescMessage, O extends DescMessage>(
  access: RpcAccess,
  method: DescMethodBiDiStreaming<I, O>,
  handle: (
    messages: AsyncIterable<MessageShape<I>>,
    context: RpcContext,
  ) => AsyncIterable<MessageInitShape<O>>,
): BidiStreamRpc {
  return { kind: "bidi-stream", access, method, handle };
}

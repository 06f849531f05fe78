/**
 * What a wire format has to do. Each dialect is a folder of pure functions with the same file names
 * (`request`, `reply`, `stream`, `relay`, `error`), read by edges and providers alike: N dialects, not N×M pairs.
 *
 * @module
 */

import type {
  ChatRequest,
  DialectName,
  FinishReason,
  JsonObject,
  Part,
  ProxyError,
  Usage,
  WireBody,
} from "@llmproxy/spec";
import type { Untranslatable } from "./cannot-say.ts";

/** What went by in a relayed answer. */
export interface Observation {
  /** The last usage the vendor reported. */
  usage: Usage | undefined;
  /** Why the first choice stopped; without it an answer is not complete. */
  finishReason: FinishReason | undefined;
  /** How many further choices have begun and not finished. */
  openChoices: number;
  /** Whether anything of the answer itself has come: an error event or a comment is not output. */
  hasOutput: boolean;
  /**
   * How much of what the model wrote was passed on, in bytes as they stand in the JSON, escapes included; counted
   * until the vendor reports usage.
   */
  outputBytes: number;
  /** A failure the vendor reported inside the stream. */
  error: ProxyError | undefined;
}

/** Looks at relayed frames without changing the answer. */
export interface FrameObserver {
  readonly observation: Observation;
  /**
   * @param frames - one or more whole frames
   * @returns what is to be sent to the client: the very same array unless something has to be left out. A frame in
   *   which the vendor reports a failure is left out with all that follows: it is in `observation.error`
   */
  observe(frames: Uint8Array): Uint8Array;
}

/** Reads a streamed answer. */
export interface StreamReader {
  /**
   * @param frames - one or more whole frames
   * @throws `upstream_failed` when the vendor reports a failure inside the stream or writes what is not its dialect
   */
  read(frames: Uint8Array): readonly Part[];
}

/** Writes a streamed answer. */
export interface StreamWriter {
  /** @returns the frames for this part, possibly empty */
  write(part: Part): string;
  /** @returns what ends a complete answer */
  end(): string;
}

/** What ends a complete stream on the wire. */
export interface StreamEnd {
  /** The frame itself. */
  readonly frame: string;
  /** Whether no stream is complete without it; of some dialects there are vendors that leave it out. */
  readonly isRequired: boolean;
  /**
   * @param frames - one or more whole frames
   * @returns the offset of the first such frame, or −1 when there is none
   */
  find(frames: Uint8Array): number;
}

/** How a streamed answer is written. */
export interface StreamWriterOptions {
  /** Whether the client asked for usage in the stream. */
  readonly includeUsage: boolean;
  /** What was asked: its size is estimated for a begin that has to tell it, and zero there when absent. */
  readonly chat?: ChatRequest | undefined;
}

/** What the relay replaces in a request. */
export interface RelayOptions {
  /** The model as the vendor names it. */
  readonly model: string;
  /** Whether to ask the vendor for usage in the stream. */
  readonly askForUsage: boolean;
}

/** What a writer of requests may need to know beside the request. */
export interface WriteRequestOptions {
  /** The most tokens the model writes: the limit sent where the vendor wants one and the client gave none. */
  readonly modelMaxOutputTokens?: number | undefined;
  /**
   * Whether the vendor may know only old forms: `max_tokens` for `max_completion_tokens`, and one string for a
   * content of several texts.
   */
  readonly useOldForms?: boolean | undefined;
}

/** A wire format, read and written. */
export interface Dialect {
  readonly name: DialectName;
  /**
   * Reads a request. Unknown members and content are kept, in `extra` or as opaque content.
   *
   * @throws `invalid_request` with `field` for a missing or wrongly typed member
   */
  readRequest(json: JsonObject): ChatRequest;
  /**
   * Writes a request. What other dialects keep in `extra` is not looked at: {@link Dialect.findUntranslatable} of
   * those dialects tells whether it may be left out.
   *
   * @throws `invalid_request` for what this dialect cannot express, with its path in the shared vocabulary in
   *   `field`
   */
  writeRequest(request: ChatRequest, options?: WriteRequestOptions): JsonObject;
  /** The first thing in a request that only this dialect can say and that would change the answer. */
  findUntranslatable(request: ChatRequest): Untranslatable | undefined;
  /**
   * Where something stands in the JSON of a request of this dialect.
   *
   * @param request - as {@link Dialect.readRequest} returned it
   * @param field - a path in the shared vocabulary
   */
  locate(request: ChatRequest, field: string): string;
  /**
   * The original request with only what must change replaced, as slices to be sent in order. Numbers, unknown
   * members and white space stay as the client wrote them.
   */
  relayRequest(body: WireBody, options: RelayOptions): readonly Uint8Array[];
  /**
   * Reads a unary answer.
   *
   * @throws `upstream_failed` when it is not an answer of this dialect
   */
  readReply(json: JsonObject): readonly Part[];
  /** Writes a unary answer from all its parts. */
  writeReply(parts: readonly Part[]): JsonObject;
  readonly streamEnd: StreamEnd;
  createStreamReader(): StreamReader;
  createStreamWriter(options: StreamWriterOptions): StreamWriter;
  /** @param options - `dropUsage`: leave out the usage-only frame, because only we asked for it */
  createFrameObserver(options: { readonly dropUsage: boolean }): FrameObserver;
  /** Whether this is a unary answer, as far as its outermost members tell. */
  isReply(json: JsonObject): boolean;
  /** Reads the failure a vendor reports in an answer whose status says success; undefined when there is none. */
  readReplyError(json: JsonObject): ProxyError | undefined;
  /** Usage and finish reason of a unary answer, without making parts of it. */
  observeReply(json: JsonObject): Pick<Observation, "usage" | "finishReason">;
  /** Reads a vendor's error answer; an unreadable body gives a neutral message. Never throws. */
  readError(status: number, body: Uint8Array): ProxyError;
  /** Writes an error in this dialect's shape. */
  writeError(error: ProxyError): JsonObject;
  /** Writes an error as a frame inside a stream that has begun. */
  writeErrorFrame(error: ProxyError): string;
}

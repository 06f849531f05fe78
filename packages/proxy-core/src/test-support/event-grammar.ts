/**
 * The grammar of Anthropic's event streams, for tests of whatever writes one.
 *
 * @see Anthropic API, "Streaming messages", event types
 * @module
 */

import type { JsonObject, JsonValue } from "@llmproxy/spec";
import { isObject } from "../json/value.ts";
import { readEvents } from "../sse/events.ts";

/** The deltas a block of a type takes; blocks of other types take `input_json_delta` and their own. */
const deltasOf: ReadonlyMap<JsonValue | undefined, readonly string[]> = new Map([
  ["text", ["text_delta", "citations_delta"]],
  ["thinking", ["thinking_delta", "signature_delta"]],
  ["redacted_thinking", []],
  ["tool_use", ["input_json_delta"]],
]);

/**
 * The payloads of a stream.
 *
 * @throws Error at the first event that breaks the grammar
 */
export function parseEventStream(stream: string): readonly JsonObject[] {
  const events = readEvents(Buffer.from(stream)).map(({ event, data }) => {
    const payload: JsonValue = JSON.parse(data);
    check(isObject(payload) && payload.type === event, `the event is named ${event}: ${data}`);
    return payload as JsonObject;
  });
  checkGrammar(events);
  return events;
}

function checkGrammar(events: readonly JsonObject[]): void {
  const state = new GrammarState();
  for (const event of events) state.next(event);
  check(state.phase === "stopped", "the stream ends with message_stop");
}

class GrammarState {
  phase: "before" | "content" | "ended" | "stopped" = "before";
  #block: JsonObject | undefined;
  #blocks = 0;

  next(event: JsonObject): void {
    const { type } = event;
    check(this.phase !== "stopped", `nothing follows message_stop: ${type}`);
    if (type === "message_start") this.#start(event);
    else check(this.phase !== "before", `message_start comes before ${type}`);
    if (type === "content_block_start") this.#startBlock(event);
    if (type === "content_block_delta") this.#delta(event);
    if (type === "content_block_stop") this.#stopBlock(event);
    if (type === "message_delta") this.#end(event);
    if (type === "message_stop") {
      check(this.phase === "ended", "message_delta comes before message_stop");
      this.phase = "stopped";
    }
  }

  #start({ message }: JsonObject): void {
    check(this.phase === "before", "message_start comes once");
    check(isObject(message) && message.role === "assistant", "the message is the assistant's");
    check(isObject(message) && Array.isArray(message.content) && message.content.length === 0, "it is empty");
    check(isObject(message) && isObject(message.usage), "it has usage");
    this.phase = "content";
  }

  #startBlock({ index, content_block }: JsonObject): void {
    check(this.phase === "content" && !this.#block, "a block begins after the one before has ended");
    check(index === this.#blocks, `block ${this.#blocks} has the index ${index}`);
    check(isObject(content_block) && typeof content_block.type === "string", "a block has a type");
    this.#block = content_block as JsonObject;
  }

  #delta({ index, delta }: JsonObject): void {
    check(this.#block !== undefined && index === this.#blocks, "a delta belongs to the open block");
    check(isObject(delta) && typeof delta.type === "string", "a delta has a type");
    const known = deltasOf.get(this.#block?.type);
    const type = String((delta as JsonObject).type);
    check(!known || known.includes(type), `a block of type ${this.#block?.type} takes no ${type}`);
  }

  #stopBlock({ index }: JsonObject): void {
    check(this.#block !== undefined && index === this.#blocks, "the open block ends");
    this.#block = undefined;
    this.#blocks += 1;
  }

  #end({ delta, usage }: JsonObject): void {
    check(!this.#block, "blocks end before the message does");
    check(this.phase === "content", "message_delta comes once");
    check(isObject(delta) && typeof delta.stop_reason === "string", "the end has a reason");
    check(isObject(usage) && typeof usage.output_tokens === "number", "the end has usage");
    this.phase = "ended";
  }
}

function check(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`the event grammar is broken: ${rule}`);
}

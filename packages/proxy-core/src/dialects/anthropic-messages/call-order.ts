/**
 * Tool calls one after the other.
 *
 * OpenAI's calls may go on in turn, told apart by an index; blocks of content follow one another. So what comes
 * while a call is not complete waits until it is: until its arguments are the JSON text of an object, which no
 * further text can change, or until the answer ends. Where calls come one after the other, as they nearly always
 * do, nothing waits.
 *
 * @module
 */

import { type Part, ProxyError } from "@llmproxy/spec";
import { isObject } from "../../json/value.ts";
import { ownExtra } from "./extra.ts";

/** Puts the parts of the first choice in an order in which they can be written as blocks. */
export interface CallOrder {
  /**
   * @returns the parts that can be written now
   * @throws `upstream_failed` when too much has to wait, or a call goes on that was complete
   */
  add(part: Part): readonly Part[];
  /** The parts that still waited; there will be no more. */
  end(): readonly Part[];
}

/** How much may wait, in characters: more than any answer has in calls that run in turn. */
const maxWaiting = 8_388_608;
/** What a part counts beside its text: each is looked at again whenever a call is complete. */
const partSize = 1_024;

type DeltaPart = Extract<Part, { type: "tool-call-delta" }>;

interface OpenCall {
  readonly index: number;
  /** Whether its dialect writes one block after the other, so that what follows it cannot belong to it. */
  readonly isAlone: boolean;
  arguments: string;
}

/** Makes an order for one answer. */
export function createCallOrder(): CallOrder {
  return new Order();
}

class Order implements CallOrder {
  #call: OpenCall | undefined;
  #waiting: Part[] = [];
  #size = 0;
  /** Calls that have begun and are neither open nor waiting. */
  readonly #complete = new Set<number>();

  add(part: Part): readonly Part[] {
    if (part.type === "finish" || part.type === "usage") return [...this.end(), part];
    if (part.type === "tool-call-delta") return this.#addDelta(part);
    if (isAside(part)) return [part];
    if (this.#call && !this.#closeCall()) return this.#wait(part);
    if (part.type === "tool-call-start") this.#open(part);
    return [part];
  }

  end(): readonly Part[] {
    const waiting = this.#take();
    this.#call = undefined;
    return waiting.flatMap((part) => {
      if (part.type === "tool-call-delta") return [];
      if (part.type !== "tool-call-start") return [part];
      const isOfCall = (other: Part): boolean =>
        other.type === "tool-call-delta" && other.index === part.index;
      return [part, ...waiting.filter(isOfCall)];
    });
  }

  #open({ index, extra }: Extract<Part, { type: "tool-call-start" }>): void {
    this.#call = { index, isAlone: ownExtra(extra) !== undefined, arguments: "" };
  }

  #addDelta(part: DeltaPart): readonly Part[] {
    const call = this.#call;
    if (call?.index !== part.index) return this.#addToOther(part);
    if (call.isAlone) return [part];
    // A call that is longer than what may wait is known to be complete only at the end.
    if (call.arguments.length <= maxWaiting) call.arguments += part.arguments;
    if (this.#waiting.length === 0 || !this.#closeCall()) return [part];
    return [part, ...this.#take().flatMap((waiting) => this.add(waiting))];
  }

  /** More of a call that is not the open one: it waits with its call. */
  #addToOther(part: DeltaPart): readonly Part[] {
    if (!this.#complete.has(part.index)) return this.#wait(part);
    if (part.arguments.trim() === "") return [];
    throw new ProxyError(
      "upstream_failed",
      "the provider added to the arguments of a tool call that was complete",
    );
  }

  /** Whether no call is open now. */
  #closeCall(): boolean {
    const call = this.#call;
    if (!call) return true;
    if (!call.isAlone && !isComplete(call.arguments)) return false;
    this.#complete.add(call.index);
    this.#call = undefined;
    return true;
  }

  #wait(part: Part): readonly Part[] {
    const at = part.type === "tool-call-delta" ? this.#waitingDelta(part.index) : -1;
    const known = this.#waiting[at];
    const isMore = known?.type === "tool-call-delta" && part.type === "tool-call-delta";
    this.#size += (isMore ? 0 : partSize) + lengthOf(part);
    if (this.#size > maxWaiting)
      throw new ProxyError("upstream_failed", "the provider ran too many tool calls in turn");
    if (isMore) this.#waiting[at] = { ...known, arguments: known.arguments + part.arguments };
    else this.#waiting.push(part);
    return [];
  }

  #waitingDelta(index: number): number {
    return this.#waiting.findIndex((part) => part.type === "tool-call-delta" && part.index === index);
  }

  #take(): readonly Part[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    return waiting;
  }
}

function lengthOf(part: Part): number {
  if (part.type === "tool-call-delta") return part.arguments.length;
  return "text" in part ? part.text.length : 0;
}

/** Whether a part neither begins nor ends a block nor adds to one that others know. */
function isAside(part: Part): boolean {
  if (part.type === "logprobs") return true;
  if (part.type !== "opaque") return false;
  const own = ownExtra(part.extra);
  return own?.start === undefined && own?.isStop !== true;
}

/** Whether arguments are the JSON text of an object: nothing but white space could follow it. */
function isComplete(text: string): boolean {
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    return isObject(JSON.parse(text));
  } catch {
    // There is more to come.
    return false;
  }
}

/**
 * Puts the parts of an answer together.
 *
 * @module
 */

import type { FinishReason, Part, Usage } from "@llmproxy/spec";

/** A tool call, whole. */
export interface CollectedToolCall {
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: JSON text, possibly invalid. */
  readonly arguments: string;
}

/** What one choice says. */
export interface CollectedChoice {
  /** The answer's text; empty when there is none. */
  readonly text: string;
  /** What the model thought, as far as it is shown; empty when it is not. */
  readonly reasoning: string;
  /** Why the model declined; empty when it did not. */
  readonly refusal: string;
  /** In the order they began. */
  readonly toolCalls: readonly CollectedToolCall[];
  /** Absent when the choice was not completed. */
  readonly finishReason?: FinishReason;
}

/** An answer, whole. */
export interface Collected {
  /** The vendor's id of the answer; empty when there was no start. */
  readonly id: string;
  /** The model as the vendor names it; empty when there was no start. */
  readonly model: string;
  /** When the vendor made the answer. */
  readonly createdAt?: Date;
  /** By their numbers; never empty. */
  readonly choices: readonly [CollectedChoice, ...CollectedChoice[]];
  /** The last usage there was. */
  readonly usage?: Usage;
}

/** Collects part by part. */
export interface Collector {
  /** Adds a part. Log probabilities and what is opaque are left out. */
  add(part: Part): void;
  /** What has been said so far. */
  result(): Collected;
}

interface OpenChoice {
  text: string;
  reasoning: string;
  refusal: string;
  finishReason?: FinishReason;
  readonly toolCalls: Map<number, { id: string; name: string; arguments: string }>;
}

/** Makes a collector for one answer. */
export function createCollector(): Collector {
  const choices = new Map<number, OpenChoice>();
  let answer: Pick<Collected, "id" | "model" | "createdAt" | "usage"> = { id: "", model: "" };

  const open = (number: number): OpenChoice => {
    const known = choices.get(number);
    if (known) return known;
    const choice: OpenChoice = { text: "", reasoning: "", refusal: "", toolCalls: new Map() };
    choices.set(number, choice);
    return choice;
  };

  return {
    add(part) {
      if (part.type === "start") {
        const { id, model, createdAt } = part;
        answer = { ...answer, id, model, ...(createdAt ? { createdAt } : {}) };
      } else if (part.type === "usage") answer = { ...answer, usage: part.usage };
      else addTo(open(part.choice), part);
    },
    result() {
      const numbers = [...choices.keys()].sort((left, right) => left - right);
      const [first = 0, ...others] = numbers;
      return { ...answer, choices: [close(open(first)), ...others.map((number) => close(open(number)))] };
    },
  };
}

function addTo(choice: OpenChoice, part: Exclude<Part, { type: "start" | "usage" }>): void {
  switch (part.type) {
    case "text-delta":
      choice.text += part.text;
      break;
    case "reasoning-delta":
      choice.reasoning += part.text;
      break;
    case "refusal-delta":
      choice.refusal += part.text;
      break;
    case "tool-call-start":
      choice.toolCalls.set(part.index, { id: part.id, name: part.name, arguments: "" });
      break;
    case "tool-call-delta": {
      const call = choice.toolCalls.get(part.index);
      if (call) call.arguments += part.arguments;
      break;
    }
    case "finish":
      choice.finishReason = part.reason;
      break;
    default:
  }
}

function close({ toolCalls, ...choice }: OpenChoice): CollectedChoice {
  return { ...choice, toolCalls: [...toolCalls.values()] };
}

/**
 * Reads an answer to its end.
 *
 * @throws what `parts` throws
 */
export async function collect(parts: AsyncIterable<Part>): Promise<Collected> {
  const collector = createCollector();
  for await (const part of parts) collector.add(part);
  return collector.result();
}

/**
 * All parts of an answer, with the pieces of one text put together as they arrive: what is held grows with the
 * answer, not with the number of its pieces. The parts of a choice stay in their order; a part with an `extra` or
 * a signature stays as it is.
 *
 * @throws what `parts` throws
 */
export async function condense(parts: AsyncIterable<Part>): Promise<readonly Part[]> {
  const all: Part[] = [];
  const places = new Map<number, number>();
  for await (const part of parts) {
    if (part.type === "start" || part.type === "usage") {
      all.push(part);
      continue;
    }
    const place = places.get(part.choice) ?? all.length;
    const joined = join(all[place], part);
    if (joined) all[place] = joined;
    else places.set(part.choice, all.push(part) - 1);
  }
  return all;
}

/** The two as one; undefined when they cannot be. */
function join(before: Part | undefined, more: Part): Part | undefined {
  if (!before || !isPlainDelta(before) || !isPlainDelta(more)) return undefined;
  if (before.type !== "tool-call-delta")
    return more.type === before.type ? { ...before, text: before.text + more.text } : undefined;
  if (more.type !== "tool-call-delta" || more.index !== before.index) return undefined;
  return { ...before, arguments: before.arguments + more.arguments };
}

type DeltaPart = Extract<Part, { type: `${string}-delta` }>;

function isPlainDelta(part: Part): part is DeltaPart {
  if (part.type === "reasoning-delta") return !part.extra && part.signature === undefined;
  return (
    (part.type === "text-delta" || part.type === "refusal-delta" || part.type === "tool-call-delta") &&
    !part.extra
  );
}

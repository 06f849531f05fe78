/**
 * From parts to chunks, or to a unary answer.
 *
 * @module
 */

import type { JsonObject, JsonValue, Part, StartPart } from "@llmproxy/spec";
import { defined, filter, objectOf } from "../../json/value.ts";
import { ChoiceDraft } from "./choice-draft.ts";
import { ownExtra } from "./extra.ts";
import { fold } from "./fold.ts";
import type { Form } from "./part-extra.ts";
import { writeUsage } from "./usage.ts";

/** What the chunks of an answer have in common. */
export interface Envelope {
  readonly form: Form;
  /** Whether the answer was read in the same form of this dialect, and is to be written back exactly. */
  readonly isExact: boolean;
  /** The top-level members but `choices` and `usage`, in the order they are written. */
  readonly members: JsonObject;
}

const objectNames: Readonly<Record<Form, string>> = {
  stream: "chat.completion.chunk",
  unary: "chat.completion",
};

/** Members that say nothing about another chunk than their own. */
function lasting({ object, usage, choices, obfuscation, ...members }: JsonObject): JsonObject {
  return members;
}

/** What a start part says of all chunks. Without one, id and model are empty. */
export function createEnvelope(start: StartPart | undefined, form: Form): Envelope {
  const own = ownExtra(start?.extra);
  const isExact = own?.form === form;
  const created = start?.createdAt && start.createdAt.getTime() / 1_000;
  const kept = objectOf(own?.envelope) ?? {};
  if (isExact) {
    const said = defined({ id: start?.id || undefined, created, model: start?.model || undefined });
    return { form, isExact, members: { ...said, ...kept } };
  }
  const { id: _, model: __, ...members } = lasting(kept);
  return {
    form,
    isExact,
    members: {
      id: start?.id ?? "",
      object: objectNames[form],
      created: Math.floor(created ?? 0),
      model: start?.model ?? "",
      ...members,
    },
  };
}

/** Whether an opaque part says something in a choice; others carry what is left of a chunk without any. */
function isOfChoice(own: JsonObject | undefined): boolean {
  return own?.choice !== undefined || own?.call !== undefined || own?.item !== undefined;
}

/** A chunk, or a unary answer, that is being put together. */
export class ChunkDraft {
  readonly #envelope: Envelope;
  readonly #choices: ChoiceDraft[] = [];
  #chunk: JsonObject = {};
  #without: ReadonlySet<unknown> | undefined;
  #usage: JsonObject | undefined;

  constructor(envelope: Envelope) {
    this.#envelope = envelope;
  }

  /** Whether nothing but usage has been added. */
  get hasOnlyUsage(): boolean {
    return this.#usage !== undefined && this.#choices.length === 0;
  }

  /** Whether nothing has been said, neither in a choice nor of usage. */
  get isEmpty(): boolean {
    return this.#usage === undefined && this.#choices.length === 0;
  }

  /** Adds what a part says. Parts of one choice that are of a kind are put together. */
  add(part: Part): void {
    if (part.type === "start") return;
    const own = part.type === "logprobs" ? undefined : ownExtra(part.extra);
    this.#keep(own);
    if (part.type === "usage") this.#usage = writeUsage(part);
    else if (part.type !== "opaque" || isOfChoice(own)) this.#choice(part.choice, own).add(part);
  }

  #keep(own: JsonObject | undefined): void {
    const chunk = objectOf(own?.chunk);
    if (this.#envelope.isExact) {
      if (chunk) this.#chunk = chunk;
      if (Array.isArray(own?.without)) this.#without = new Set(own.without);
    } else if (chunk) {
      const { id, created, model, ...members } = lasting(chunk);
      this.#chunk = fold(this.#chunk, members);
    }
  }

  #choice(number: number, own: JsonObject | undefined): ChoiceDraft {
    const { form, isExact } = this.#envelope;
    const known = this.#choices.findLast((choice) => choice.number === number);
    // In an exact answer what is left of a choice comes with its first part.
    if (known && !(isExact && own?.choice)) return known;
    const draft = new ChoiceDraft(number, form, isExact && own?.choice !== undefined);
    this.#choices.push(draft);
    return draft;
  }

  /**
   * What has been put together.
   *
   * @param withRole - of the choices to be introduced by a role, for chunks that are not exact
   */
  toJson(withRole: (choice: number) => boolean = () => true): JsonObject {
    const { isExact, members } = this.#envelope;
    const without = this.#without;
    const choices: JsonValue[] = this.#choices.map((choice) => choice.toJson(withRole(choice.number)));
    return {
      ...(without ? filter(members, (name) => !without.has(name)) : members),
      ...this.#chunk,
      ...(isExact && choices.length === 0 ? {} : { choices }),
      ...(this.#usage ? { usage: this.#usage } : {}),
    };
  }
}

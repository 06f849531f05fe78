/**
 * A whole answer, put together from its parts.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CompleteResponseSchema } from "@llmproxy/proto";
import { type Part, ProxyError, type StartPart, type Usage } from "@llmproxy/spec";
import { momentMessage } from "./chat-part.ts";
import { ChoiceDraft } from "./choice-draft.ts";
import { usageMessage } from "./usage.ts";

/** The most choices of one answer; what is beyond it is not an answer to any request. */
const maxChoices = 1_024;

/**
 * Reads an answer to its end.
 *
 * @throws what `parts` throws, and `upstream_failed` for choices no answer has
 */
export async function collectAnswer(
  parts: AsyncIterable<Part>,
): Promise<Omit<MessageInitShape<typeof CompleteResponseSchema>, "$typeName">> {
  const drafts = new Map<number, ChoiceDraft>();
  let start: StartPart | undefined;
  let usage: Usage | undefined;
  for await (const part of parts) {
    if (part.type === "start") start = part;
    else if (part.type === "usage") usage = part.usage;
    else draftOf(drafts, part.choice).add(part);
  }
  const createdAt = momentMessage(start?.createdAt);
  const choices = [...drafts.values()].sort((left, right) => left.number - right.number);
  return {
    id: start?.id ?? "",
    model: start?.model ?? "",
    choices: choices.map((draft) => draft.message()),
    ...(createdAt && { createdAt }),
    ...(usage && { usage: usageMessage(usage) }),
  };
}

function draftOf(drafts: Map<number, ChoiceDraft>, choice: number): ChoiceDraft {
  const known = drafts.get(choice);
  if (known) return known;
  if (drafts.size >= maxChoices)
    throw new ProxyError("upstream_failed", `the provider sent more than ${maxChoices} choices`);
  const draft = new ChoiceDraft(choice);
  drafts.set(choice, draft);
  return draft;
}

/**
 * Anthropic's recordings, each answer for itself: some files hold the answers to several requests of one
 * conversation.
 *
 * @module
 */

import { loadRecordings, type StreamRecording, type UnaryRecording } from "@llmproxy/testing";

/** Answers that came at once. */
export const anthropicReplies: readonly UnaryRecording[] = loadRecordings("anthropic-messages").filter(
  (recording) => recording.kind === "unary",
);

/** Answers that were streamed. */
export const anthropicStreams: readonly StreamRecording[] = loadRecordings("anthropic-messages")
  .filter((recording) => recording.kind === "stream")
  .flatMap(splitAnswers);

function splitAnswers({ kind, name, chunks }: StreamRecording): readonly StreamRecording[] {
  const answers: string[][] = [];
  for (const chunk of chunks)
    if (JSON.parse(chunk).type === "message_start") answers.push([chunk]);
    else answers.at(-1)?.push(chunk);
  return answers.map((answer, index) => ({
    kind,
    name: answers.length === 1 ? name : `${name}, answer ${index + 1},`,
    chunks: answer,
  }));
}

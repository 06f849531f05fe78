/**
 * The client speaks another wire format than the upstream.
 *
 * @module
 */

import type { Way } from "../subjects/subject.ts";
import { defaultScript } from "../wire/script.ts";
import {
  addedFirstChunk,
  addedLatency,
  answersPerSecond,
  loadTrial,
  processorPerAnswer,
} from "./load-trial.ts";
import type { Trial } from "./trial.ts";

const ways: readonly { readonly way: Way; readonly words: string }[] = [
  { way: "openai-to-anthropic", words: "OpenAI client, Anthropic upstream" },
  { way: "anthropic-to-openai", words: "Anthropic client, OpenAI upstream" },
];

/** Both directions. */
export const translationTrials: readonly Trial[] = ways.flatMap(({ way, words }) => {
  const common = { scenario: "translation", way, script: defaultScript, without: ["bare"] };
  return [
    loadTrial({
      ...common,
      title: `${words}: unary, 16 at once`,
      stream: false,
      concurrency: 16,
      metrics: [answersPerSecond, processorPerAnswer],
    }),
    loadTrial({
      ...common,
      title: `${words}: unary, one at a time`,
      stream: false,
      concurrency: 1,
      metrics: addedLatency,
    }),
    loadTrial({
      ...common,
      title: `${words}: streams of 100 chunks, 16 at once`,
      stream: true,
      concurrency: 16,
      metrics: [answersPerSecond, processorPerAnswer],
    }),
    loadTrial({
      ...common,
      title: `${words}: short streams, one at a time`,
      stream: true,
      script: { delayMs: 0, chunks: 4, burst: 2, paceMs: 0 },
      concurrency: 1,
      metrics: addedFirstChunk,
    }),
  ];
});

/**
 * The client speaks what the upstream speaks: unary answers and streams.
 *
 * @module
 */

import { defaultScript } from "../wire/script.ts";
import {
  addedChunk,
  addedFirstChunk,
  addedLatency,
  answersPerSecond,
  loadTrial,
  processorPerAnswer,
} from "./load-trial.ts";
import type { Trial } from "./trial.ts";

// As in AIGatewayBench: with an upstream that answers at once, 64 connections measure nothing but a queue.
const thinkingMs = 20;

/** Small chat completions in one piece. */
export const unaryTrials: readonly Trial[] = [
  ...[16, 64].map((concurrency) =>
    loadTrial({
      scenario: "unary",
      title: `as many as it can, ${concurrency} at once`,
      way: "openai",
      stream: false,
      script: defaultScript,
      concurrency,
      metrics: [answersPerSecond, processorPerAnswer],
    }),
  ),
  ...[1, 16, 64].map((concurrency) =>
    loadTrial({
      scenario: "unary",
      title: concurrency === 1 ? "one at a time" : `${concurrency} at once, upstream thinks ${thinkingMs} ms`,
      way: "openai",
      stream: false,
      script: { ...defaultScript, delayMs: concurrency === 1 ? 0 : thinkingMs },
      concurrency,
      metrics: addedLatency,
    }),
  ),
];

/** Streamed chat completions. */
export const streamTrials: readonly Trial[] = [
  loadTrial({
    scenario: "stream",
    title: "100 chunks as fast as it can, 16 at once",
    way: "openai",
    stream: true,
    script: defaultScript,
    concurrency: 16,
    metrics: [answersPerSecond, processorPerAnswer],
  }),
  loadTrial({
    scenario: "stream",
    title: "short streams, one at a time",
    way: "openai",
    stream: true,
    script: { delayMs: 0, chunks: 4, burst: 2, paceMs: 0 },
    concurrency: 1,
    metrics: addedFirstChunk,
  }),
  loadTrial({
    scenario: "stream",
    title: "a chunk every 20 ms, 64 at once",
    way: "openai",
    stream: true,
    script: { delayMs: 0, chunks: 25, burst: 1, paceMs: 20 },
    concurrency: 64,
    metrics: [...addedFirstChunk, ...addedChunk],
  }),
];

/**
 * Carries out a {@link LoadJob}.
 *
 * A closed loop: each connection sends its next request when the answer to the last one is complete.
 *
 * @module
 */

import { monotonicUs } from "../clock.ts";
import { summarize } from "../statistics.ts";
import { ClientConnection } from "./client-connection.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { requestBytes } from "./request-bytes.ts";

/** After so many failures in a row a connection gives up: nobody is there. */
const maxFailuresInARow = 50;

/** Runs to the end of the job's time; answers that have not come by then are not waited for. */
export function runLoad(job: LoadJob): Promise<LoadResult> {
  return new LoadRun(job).result();
}

/** What is known of the request a connection waits for. */
interface Waiting {
  sentUs: number;
  heldUs: number;
  chunks: number;
}

class LoadRun {
  readonly #job: LoadJob;
  readonly #request: Buffer;
  readonly #beginUs: number;
  readonly #latencies: number[] = [];
  readonly #firstChunks: number[] = [];
  readonly #chunks: number[] = [];
  #completed = 0;
  #total = 0;
  #failed = 0;
  #failure: string | undefined;
  #isOver = false;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#request = requestBytes(job.destination, { script: job.script, stream: job.stream, call: 0 });
    this.#beginUs = monotonicUs() + job.warmupMs * 1_000;
  }

  async result(): Promise<LoadResult> {
    const { concurrency, warmupMs, durationMs } = this.#job;
    const connections = Array.from({ length: concurrency }, () => this.#open());
    await new Promise((resolve) => setTimeout(resolve, warmupMs + durationMs));
    this.#isOver = true;
    const seconds = (monotonicUs() - this.#beginUs) / 1_000_000;
    for (const connection of connections) connection.close();
    return {
      completed: this.#completed,
      total: this.#total,
      failed: this.#failed,
      ...(this.#failure !== undefined && { failure: this.#failure }),
      seconds,
      latencyMs: summarize(this.#latencies),
      firstChunkMs: summarize(this.#firstChunks),
      chunkMs: summarize(this.#chunks),
    };
  }

  #open(): ClientConnection {
    const waiting: Waiting = { sentUs: 0, heldUs: 0, chunks: 0 };
    let failuresInARow = 0;
    const next = (): void => {
      if (this.#isOver || failuresInARow >= maxFailuresInARow) return;
      waiting.chunks = 0;
      waiting.sentUs = monotonicUs();
      connection.send(this.#request);
    };
    const fail = (message: string): void => {
      failuresInARow += 1;
      this.#failed += 1;
      this.#failure ??= message;
      // Not at once: whoever refuses connections would be asked without end within one turn.
      setImmediate(next);
    };
    const connection = new ClientConnection(this.#job.destination.port, {
      onMark: (sentUs, heldUs) => this.#noteMark(waiting, sentUs, heldUs),
      onEnd: (status) => {
        const problem = this.#problemOf(status, waiting);
        if (problem !== undefined) return fail(problem);
        failuresInARow = 0;
        this.#noteEnd(waiting);
        next();
      },
      onFailure: fail,
    });
    next();
    return connection;
  }

  #problemOf(status: number, { chunks }: Waiting): string | undefined {
    if (status !== 200) return `status ${status}`;
    const expected = this.#job.stream ? this.#job.script.chunks : 1;
    return chunks === expected ? undefined : `${chunks} of ${expected} pieces of text`;
  }

  #noteMark(waiting: Waiting, sentUs: number, heldUs: number): void {
    waiting.chunks += 1;
    const nowUs = monotonicUs();
    if (waiting.chunks === 1) waiting.heldUs = heldUs;
    if (!this.#job.stream || nowUs < this.#beginUs) return;
    if (waiting.chunks === 1) this.#firstChunks.push((nowUs - waiting.sentUs - heldUs) / 1_000);
    else this.#chunks.push((nowUs - sentUs) / 1_000);
  }

  #noteEnd(waiting: Waiting): void {
    const nowUs = monotonicUs();
    this.#total += 1;
    if (nowUs < this.#beginUs) return;
    this.#completed += 1;
    this.#latencies.push((nowUs - waiting.sentUs - waiting.heldUs) / 1_000);
  }
}

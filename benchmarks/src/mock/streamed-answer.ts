/**
 * One streamed answer of the upstream.
 *
 * @module
 */

import type { Socket } from "node:net";
import { monotonicUs } from "../clock.ts";
import type { Script } from "../wire/script.ts";
import { type Answers, streamHead } from "./answers.ts";

/** What a {@link StreamedAnswer} is made from. */
export interface StreamedAnswerOptions {
  readonly socket: Socket;
  readonly answers: Answers;
  readonly script: Script;
  /** When the request had come, by `monotonicUs`. */
  readonly receivedUs: number;
  /** Called when all is written. */
  readonly onDone: () => void;
}

/** Writes its chunks as the script says. */
export class StreamedAnswer {
  readonly #options: StreamedAnswerOptions;
  #sent = 0;
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  /** @param options - where to, and what */
  constructor(options: StreamedAnswerOptions) {
    this.#options = options;
  }

  /** Begins, after the script's delay. */
  start(): void {
    const { delayMs } = this.#options.script;
    if (delayMs === 0) this.#begin();
    else this.#timer = setTimeout(() => this.#begin(), delayMs);
  }

  /** Writes nothing more. */
  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #begin(): void {
    this.#startedMs = performance.now();
    this.#write(streamHead, this.#options.answers.opening);
  }

  #write(before: string, opening: string): void {
    const { socket, answers, script, receivedUs, onDone } = this.#options;
    let frames = opening;
    const last = Math.min(script.chunks, this.#sent + script.burst);
    const sentUs = monotonicUs();
    for (; this.#sent < last; this.#sent += 1) frames += answers.chunk(sentUs, sentUs - receivedUs);
    const isEnd = this.#sent >= script.chunks;
    if (isEnd) {
      frames += answers.closing;
      onDone();
    }
    // The texts are plain ASCII: their length is their size.
    const chunk = `${frames.length.toString(16)}\r\n${frames}\r\n`;
    socket.write(before + chunk + (isEnd ? "0\r\n\r\n" : ""), "latin1");
    if (!isEnd) this.#schedule();
  }

  #schedule(): void {
    const { paceMs, burst } = this.#options.script;
    const next = (): void => this.#write("", "");
    if (paceMs === 0) {
      this.#immediate = setImmediate(next);
      return;
    }
    // By the start of the stream, so that late timers do not add up.
    const dueMs = this.#startedMs + (this.#sent / burst) * paceMs;
    this.#timer = setTimeout(next, Math.max(0, dueMs - performance.now()));
  }
}

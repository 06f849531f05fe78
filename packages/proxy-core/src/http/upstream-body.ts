/**
 * The body of an upstream's answer, read at the reader's pace.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ProxyError } from "@llmproxy/spec";
import type { Dispatcher } from "undici";
import { cutError } from "./upstream-error.ts";
import type { Watchdog } from "./watchdog.ts";

/** What a {@link UpstreamBody} is made from. */
export interface UpstreamBodyOptions {
  readonly provider: string;
  /** Makes the upstream wait. */
  readonly controller: Pick<Dispatcher.DispatchController, "paused" | "pause" | "resume">;
  readonly watchdog: Watchdog;
  /** Called once, when the body has come to its end or failed. */
  readonly onClose: () => void;
}

/** What may wait for the reader before the upstream is told to stop sending. */
const maxQueuedBytes = 65_536;

interface Waiting {
  resolve(chunk: Buffer | undefined): void;
  reject(error: ProxyError): void;
}

/**
 * Hands out what arrives. A chunk goes to a waiting reader with no promise but the reader's, and what piled up
 * meanwhile goes out in one piece.
 */
export class UpstreamBody {
  readonly #provider: string;
  readonly #controller: UpstreamBodyOptions["controller"];
  readonly #watchdog: Watchdog;
  readonly #onClose: () => void;
  readonly #failureListeners: ((error: ProxyError) => void)[] = [];
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #waiting: Waiting | undefined;
  #begun = false;
  #state: "open" | "ended" | "failed" = "open";
  #failure: ProxyError | undefined;
  /** Whether the body came to the end that HTTP announced. */
  complete = false;

  /** The caller must have the watchdog wait for the first byte. */
  constructor({ provider, controller, watchdog, onClose }: UpstreamBodyOptions) {
    this.#provider = provider;
    this.#controller = controller;
    this.#watchdog = watchdog;
    this.#onClose = onClose;
  }

  /**
   * Reads on. One read at a time.
   *
   * @returns all bytes that have arrived, or undefined at the end
   */
  read(): Promise<Buffer | undefined> {
    const [first] = this.#queue;
    if (first) return Promise.resolve(this.#empty(first));
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#state === "ended") return Promise.resolve(undefined);
    if (this.#begun) this.#watchdog.watch("idleMs");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Calls `listener` as soon as the body fails, which is before the reader has come to that point. */
  onFailure(listener: (error: ProxyError) => void): void {
    if (this.#failure) listener(this.#failure);
    else this.#failureListeners.push(listener);
  }

  /** Takes in what has arrived. */
  take(chunk: Buffer): void {
    if (this.#state !== "open") return;
    this.#begun = true;
    this.#watchdog.watch();
    if (this.#waiting) {
      this.#waiting.resolve(chunk);
      this.#waiting = undefined;
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= maxQueuedBytes) this.#controller.pause();
  }

  /** The end that HTTP announced has come. */
  finish(): void {
    this.complete = this.#state === "open";
    this.end();
  }

  /** Ends the body regularly. What has arrived can still be read. */
  end(): void {
    if (!this.#close("ended")) return;
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
  }

  /** Ends the body with an error, which the reader gets once what has arrived is read. */
  fail(error: ProxyError): void {
    if (!this.#close("failed")) return;
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    for (const listener of this.#failureListeners.splice(0)) listener(error);
  }

  /** The connection was closed in the middle. */
  break(cause: unknown): void {
    this.fail(cutError(this.#provider, "in the middle of its answer", cause));
  }

  /** Forgets what has arrived and was not read. */
  discard(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #close(state: "ended" | "failed"): boolean {
    if (this.#state !== "open") return false;
    this.#state = state;
    this.#onClose();
    return true;
  }

  #empty(first: Buffer): Buffer {
    const chunk = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.#queuedBytes);
    this.discard();
    if (this.#controller.paused) this.#controller.resume();
    return chunk;
  }
}

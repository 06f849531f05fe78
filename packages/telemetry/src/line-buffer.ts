/**
 * Lines on their way to a destination that may be slow, stuck or gone.
 *
 * The lines of one turn of the event loop are written together: under load, one write for a dozen calls. One write
 * is on its way at a time; what comes meanwhile is kept, up to a bound. So a reader that stops reading costs a
 * bounded amount of memory and never a moment of the event loop.
 *
 * @module
 */

import { EventEmitter, once } from "node:events";

/** Where lines go; `process.stdout` is one. */
export interface LogDestination {
  /** Takes a text and calls back when it wants more. */
  write(text: string, done: (error?: Error | null) => void): unknown;
  /** Announces that the destination is broken. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Ends what `on` began. */
  off(event: "error", listener: (error: Error) => void): unknown;
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
}

/** How a line buffer is made. */
export interface LineBufferOptions {
  readonly destination: LogDestination;
  /** How many characters may wait; the oldest lines are dropped beyond. */
  readonly maxLength: number;
  /** Makes the line that stands for dropped ones. */
  describeDropped(lines: number): string;
}

// What is handed over at once; about what a pipe takes.
const maxWriteLength = 65_536;

/** Keeps lines until their destination takes them. */
export class LineBuffer {
  readonly #options: LineBufferOptions;
  readonly #idle = new EventEmitter();
  readonly #onError = (): void => this.#break();
  readonly #lines: string[] = [];
  #length = 0;
  #dropped = 0;
  #unreported = 0;
  #isWriting = false;
  #isBroken = false;
  #turnEnd: NodeJS.Immediate | undefined;

  constructor(options: LineBufferOptions) {
    this.#options = options;
    options.destination.on("error", this.#onError);
  }

  /** How many lines were lost so far. */
  get droppedLines(): number {
    return this.#dropped;
  }

  /** Hands a line over at the end of this turn of the event loop, or later. */
  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    const { maxLength } = this.#options;
    if (this.#isBroken || this.#length >= Math.min(maxWriteLength, maxLength)) this.pump();
    while (this.#length > maxLength) this.#dropOldest();
    if (!this.#isWriting && this.#lines.length > 0) this.#turnEnd ??= setImmediate(() => this.pump());
  }

  /** Hands over now what waits, if the destination takes it. */
  pump(): void {
    clearImmediate(this.#turnEnd);
    this.#turnEnd = undefined;
    if (this.#isBroken) this.#dropAll();
    if (this.#isWriting || this.#lines.length === 0) return;
    this.#isWriting = true;
    this.#options.destination.write(this.#take(), (error) => {
      this.#isWriting = false;
      if (error) this.#break();
      else this.pump();
      if (!this.#isWriting) this.#idle.emit("idle");
    });
  }

  /**
   * Resolves when everything has been taken, or when the destination is broken.
   *
   * @throws the signal's reason when it aborts before
   */
  async flush(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.pump();
    if (!this.#isWriting) return;
    await once(this.#idle, "idle", { signal }).catch(() => signal.throwIfAborted());
  }

  /** Lets the destination go; lines that wait or come later are dropped. */
  close(): void {
    this.#break();
    this.#options.destination.off("error", this.#onError);
  }

  #take(): string {
    let text = this.#unreported > 0 ? this.#options.describeDropped(this.#unreported) : "";
    this.#unreported = 0;
    while (
      this.#lines[0] !== undefined &&
      (text === "" || text.length + this.#lines[0].length <= maxWriteLength)
    )
      text += this.#shift();
    return text;
  }

  #shift(): string {
    const line = this.#lines.shift() ?? "";
    this.#length -= line.length;
    return line;
  }

  #dropOldest(): void {
    this.#shift();
    this.#dropped++;
    this.#unreported++;
  }

  #dropAll(): void {
    while (this.#lines.length > 0) this.#dropOldest();
  }

  #break(): void {
    clearImmediate(this.#turnEnd);
    this.#isBroken = true;
    this.#isWriting = false;
    this.#dropAll();
    this.#idle.emit("idle");
  }
}

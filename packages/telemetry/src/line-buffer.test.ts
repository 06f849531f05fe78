import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { LineBuffer } from "./line-buffer.ts";

/** A destination that takes a text only when told to. */
class SlowDestination extends EventEmitter {
  readonly texts: string[] = [];
  #done: ((error?: Error | null) => void) | undefined;

  write(text: string, done: (error?: Error | null) => void): void {
    if (this.#done) throw new Error("a second write before the first is done");
    this.texts.push(text);
    this.#done = done;
  }

  take(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }
}

function setUp(maxLength = 100) {
  const destination = new SlowDestination();
  const describeDropped = (lines: number): string => `<${lines} dropped>\n`;
  return { destination, buffer: new LineBuffer({ destination, maxLength, describeDropped }) };
}

const signal = new AbortController().signal;

describe("LineBuffer", () => {
  it("writes together what comes in one turn of the event loop, then what came meanwhile", async () => {
    const { destination, buffer } = setUp();
    for (const line of ["a\n", "b\n"]) buffer.write(line);
    expect(destination.texts).toEqual([]);
    await setImmediate();
    for (const line of ["c\n", "d\n"]) buffer.write(line);
    await setImmediate();
    expect(destination.texts).toEqual(["a\nb\n"]);
    destination.take();
    expect(destination.texts).toEqual(["a\nb\n", "c\nd\n"]);
  });

  it("writes now when told to, and nothing twice", async () => {
    const { destination, buffer } = setUp();
    buffer.write("a\n");
    buffer.pump();
    expect(destination.texts).toEqual(["a\n"]);
    destination.take();
    buffer.pump();
    await setImmediate();
    expect(destination.texts).toEqual(["a\n"]);
  });

  it("hands over no more at once than a pipe takes", () => {
    const { destination, buffer } = setUp(1_000_000);
    const line = `${"x".repeat(29_999)}\n`;
    for (let count = 0; count < 4; count++) buffer.write(line);
    destination.take();
    expect(destination.texts.map((text) => text.length)).toEqual([60_000, 60_000]);
  });

  it("drops the oldest lines of a stuck destination and says so when it goes on", () => {
    const { destination, buffer } = setUp(6);
    for (const line of ["0\n", "1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"]) buffer.write(line);
    expect(buffer.droppedLines).toBe(2);
    destination.take();
    destination.take();
    buffer.write("8\n");
    buffer.pump();
    expect(destination.texts).toEqual(["0\n1\n2\n", "<2 dropped>\n5\n6\n7\n", "8\n"]);
    expect(buffer.droppedLines).toBe(2);
  });

  it("flushes when everything has been taken", async () => {
    const { destination, buffer } = setUp();
    await buffer.flush(signal);
    buffer.write("a\n");
    buffer.pump();
    buffer.write("b\n");
    let isFlushed = false;
    const flushed = buffer.flush(signal).then(() => {
      isFlushed = true;
    });
    destination.take();
    await Promise.resolve();
    expect(isFlushed).toBe(false);
    destination.take();
    await flushed;
  });

  it("stops waiting for a flush when told to", async () => {
    const { destination, buffer } = setUp();
    buffer.write("a\n");
    const controller = new AbortController();
    const flushed = buffer.flush(controller.signal);
    controller.abort(new Error("enough"));
    await expect(flushed).rejects.toThrow("enough");
    await expect(buffer.flush(controller.signal)).rejects.toThrow("enough");
    destination.take();
  });

  it.each([
    ["a failed write", (destination: SlowDestination) => destination.take(new Error("EPIPE"))],
    ["an error event", (destination: SlowDestination) => destination.emit("error", new Error("EPIPE"))],
  ])("gives up after %s, and only counts from then on", async (_, breakIt) => {
    const { destination, buffer } = setUp();
    buffer.write("a\n");
    buffer.pump();
    buffer.write("b\n");
    const flushed = buffer.flush(signal);
    breakIt(destination);
    await flushed;
    buffer.write("c\n");
    expect({ texts: destination.texts, dropped: buffer.droppedLines }).toEqual({
      texts: ["a\n"],
      dropped: 2,
    });
  });

  it("leaves no listener behind and writes nothing any more", async () => {
    const { destination, buffer } = setUp();
    buffer.write("a\n");
    buffer.close();
    expect(destination.listenerCount("error")).toBe(0);
    buffer.write("late\n");
    await setImmediate();
    expect(destination.texts).toEqual([]);
  });
});

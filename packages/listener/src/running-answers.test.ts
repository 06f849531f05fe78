import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { ListenerResponse } from "./handler.ts";
import { RunningAnswers } from "./running-answers.ts";

/** All that is asked of an answer here is that it closes. */
function createAnswer(): ListenerResponse {
  return new EventEmitter() as ListenerResponse;
}

describe("RunningAnswers", () => {
  it("has the answers that have not been closed, in whatever order they are", () => {
    const running = new RunningAnswers();
    const answers = Array.from({ length: 6 }, createAnswer);
    for (const answer of answers) running.add(answer);
    const left = new Set(answers);
    for (const index of [5, 0, 2, 4]) {
      answers[index]?.emit("close");
      left.delete(answers[index] as ListenerResponse);
      expect(new Set(running.all())).toEqual(left);
      expect(running.size).toBe(left.size);
    }
  });

  it("lets an answer that closes twice take nobody else out", () => {
    const running = new RunningAnswers();
    const [first, second] = [createAnswer(), createAnswer()];
    running.add(first);
    first.emit("close");
    running.add(second);
    first.emit("close");
    expect(running.all()).toEqual([second]);
  });
});

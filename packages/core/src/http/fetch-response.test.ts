import { systemClock } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { FetchResponse } from "./fetch-response.ts";

const kilobytes = (count: number): Uint8Array => new Uint8Array(count * 1024);

function listening(response: FetchResponse): string[] {
  const events: string[] = [];
  for (const event of ["drain", "finish", "close"] as const) response.on(event, () => events.push(event));
  return events;
}

describe("FetchResponse", () => {
  it("gives a whole answer at once", async () => {
    const response = new FetchResponse(systemClock);
    const events = listening(response);
    response.statusCode = 201;
    response.setHeader("x-request-id", "r1");
    response.end(Buffer.from("hello"));
    const answer = await response.ready;
    expect([answer.status, answer.headers.get("x-request-id"), await answer.text()]).toEqual([
      201,
      "r1",
      "hello",
    ]);
    expect(events).toEqual(["finish", "close"]);
  });

  it("gives no body where the status has none", async () => {
    const response = new FetchResponse(systemClock);
    response.statusCode = 204;
    response.end();
    expect((await response.ready).body).toBeNull();
  });

  it("gives the response with the first chunk, and the rest as it comes", async () => {
    const response = new FetchResponse(systemClock);
    response.write("a");
    const answer = await response.ready;
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("a");
    response.write("b");
    response.end();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("b");
    expect((await reader?.read())?.done).toBe(true);
  });

  it("asks the writer to wait when the reader is slow, and to go on when it reads", async () => {
    const response = new FetchResponse(systemClock);
    expect(response.write(kilobytes(63))).toBe(true);
    expect(response.write(kilobytes(1))).toBe(false);
    expect(response.writableNeedDrain).toBe(true);
    const events = listening(response);
    const reader = (await response.ready).body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(response.writableNeedDrain).toBe(false);
    expect(events).toContain("drain");
  });

  it("has finished when everything has been read, not before", async () => {
    const response = new FetchResponse(systemClock);
    const events = listening(response);
    response.write("a");
    response.end();
    const reader = (await response.ready).body?.getReader();
    expect(events).not.toContain("finish");
    await reader?.read();
    expect((await reader?.read())?.done).toBe(true);
    expect(events.filter((event) => event !== "drain")).toEqual(["finish", "close"]);
  });

  it("tells when a chunk is with the reader, and lets its host send it before it fails", async () => {
    const clock = createFakeClock();
    const response = new FetchResponse(clock);
    response.write("a");
    const reader = (await response.ready).body?.getReader();
    let isWritten = false;
    response.write("error frame", "utf8", () => {
      isWritten = true;
      response.destroy();
    });
    expect(isWritten).toBe(false);
    await reader?.read();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("error frame");
    expect(isWritten).toBe(true);
    let hasFailed = false;
    const rest = reader?.read().catch((reason: Error) => {
      hasFailed = true;
      return reason.message;
    });
    await clock.advance(99);
    expect(hasFailed).toBe(false);
    await clock.advance(1);
    expect(await rest).toBe("the answer was cut off");
  });

  it("closes when the reader leaves", async () => {
    const response = new FetchResponse(systemClock);
    const events = listening(response);
    response.write("a");
    await (await response.ready).body?.cancel();
    expect(events).toContain("close");
    expect(response.writableEnded).toBe(false);
    expect(response.write("b")).toBe(false);
  });

  it("fails the reader when it is destroyed, and the caller when nothing was answered yet", async () => {
    const begun = new FetchResponse(systemClock);
    begun.write("a");
    const answer = await begun.ready;
    begun.destroy();
    await expect(answer.text()).rejects.toThrow("cut off");
    const silent = new FetchResponse(systemClock);
    silent.destroy();
    await expect(silent.ready).rejects.toThrow("cut off");
  });
});

import { describe, expect, it } from "vitest";
import { MarkReader, markLength, writeMark } from "./mark.ts";
import { MessageParser } from "./message-parser.ts";
import { defaultScript, readScript, writeScript } from "./script.ts";

/** What a parser tells of a message, whatever pieces it comes in. */
function parse(text: string, size = text.length): readonly string[] {
  const told: string[] = [];
  let body = "";
  const parser = new MessageParser({
    onHead: (head) => told.push(head.split("\r\n")[0] ?? ""),
    onBody: (piece) => {
      body += piece.toString();
    },
    onEnd() {
      told.push(body);
      body = "";
    },
  });
  for (let at = 0; at < text.length; at += size) parser.push(Buffer.from(text.slice(at, at + size)));
  return told;
}

const messages =
  "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" +
  "GET /b HTTP/1.1\r\nhost: x\r\n\r\n" +
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nC;x=y\r\n, my\r\n world\r\n0\r\nx: y\r\n\r\n" +
  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

describe("MessageParser", () => {
  it.each([1, 2, 3, 7, 50, messages.length])("reads messages in pieces of %i bytes", (size) => {
    expect(parse(messages, size)).toEqual([
      "POST /a HTTP/1.1",
      "hello",
      "GET /b HTTP/1.1",
      "",
      "HTTP/1.1 200 OK",
      "hello, my\r\n world",
      "HTTP/1.1 200 OK",
      "",
    ]);
  });

  it("refuses an answer of which nobody can tell the end", () => {
    expect(() => parse("HTTP/1.1 200 OK\r\n\r\nhello")).toThrow("without a length");
  });

  it("refuses a chunk without a size", () => {
    expect(() => parse("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n")).toThrow(
      "without a size",
    );
  });
});

describe("MarkReader", () => {
  const text = Buffer.from(`data: ${writeMark(1_234_567, 89)} and ${writeMark(2 ** 52, 0)}\n`);

  it.each(Array.from({ length: text.length }, (_, at) => at))("finds marks that are cut at byte %i", (at) => {
    const reader = new MarkReader();
    const found: number[][] = [];
    for (const piece of [text.subarray(0, at), text.subarray(at)])
      reader.read(piece, (sentUs, heldUs) => found.push([sentUs, heldUs]));
    expect(found).toEqual([
      [1_234_567, 89],
      [2 ** 52, 0],
    ]);
  });

  it("forgets half a mark when a new answer begins", () => {
    const reader = new MarkReader();
    const found: number[] = [];
    reader.read(Buffer.from("@12"), (sentUs) => found.push(sentUs));
    reader.reset();
    reader.read(text, (sentUs) => found.push(sentUs));
    expect(found).toEqual([1_234_567, 2 ** 52]);
  });

  it("has marks of one length only", () => {
    for (const mark of [writeMark(0, 0), writeMark(2 ** 52, 1e9)]) expect(mark).toHaveLength(markLength);
  });
});

describe("readScript", () => {
  it("reads what was written, wherever in a body it stands", () => {
    const script = { delayMs: 20, chunks: 7, burst: 2, paceMs: 5 };
    const body = JSON.stringify({ messages: [{ role: "user", content: writeScript(script, 12) }] });
    expect(readScript(body)).toEqual({ script, call: 12 });
  });

  it("has a default", () => {
    expect(readScript("{}")).toEqual({ script: defaultScript, call: 0 });
  });
});

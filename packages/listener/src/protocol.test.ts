import { describe, expect, it } from "vitest";
import { detectProtocol, type Protocol } from "./protocol.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("detectProtocol", () => {
  const cases: readonly (readonly [bytes: string, protocol: Protocol | undefined])[] = [
    ["\x16", "tls"],
    ["\x16\x03\x01\x02\x00", "tls"],
    [preface, "http2"],
    [`${preface}\x00\x00\x00\x04`, "http2"],
    ["GET / HTTP/1.1\r\n", "http1"],
    ["POST", "http1"],
    ["PO", "http1"],
    ["\r\nGET / HTTP/1.1\r\n", "http1"],
    ["PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "http1"],
    ["PRI * HTTP/1.1\r\n", "http1"],
    ["\x00\x01\x02", "http1"],
    ["p", "http1"],
  ];
  it.each(cases)("reads %j as %s", (bytes, protocol) => {
    expect(detectProtocol(Buffer.from(bytes, "latin1"))).toBe(protocol);
  });

  it("cannot tell from any proper beginning of the preface", () => {
    for (let length = 1; length < preface.length; length += 1)
      expect(detectProtocol(Buffer.from(preface.slice(0, length)))).toBeUndefined();
  });
});

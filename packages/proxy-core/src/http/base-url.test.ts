import { describe, expect, it } from "vitest";
import { parseBaseUrl } from "./base-url.ts";

const refused = expect.objectContaining({ code: "invalid_request", field: "base_url" });

describe("parseBaseUrl", () => {
  it.each([
    ["https://api.openai.com/v1", { protocol: "https:", host: "api.openai.com", port: 443, path: "/v1" }],
    ["https://api.openai.com/v1/", { protocol: "https:", host: "api.openai.com", port: 443, path: "/v1" }],
    ["https://api.openai.com", { protocol: "https:", host: "api.openai.com", port: 443, path: "" }],
    ["https://API.OpenAI.com./v1", { protocol: "https:", host: "api.openai.com", port: 443, path: "/v1" }],
    [
      "https://gateway.example:8443/a/b",
      { protocol: "https:", host: "gateway.example", port: 8443, path: "/a/b" },
    ],
    ["https://[2606:4700::1]:22/v1", { protocol: "https:", host: "2606:4700::1", port: 22, path: "/v1" }],
  ])("reads %s", (text, expected) => {
    expect(parseBaseUrl(text, { allowPrivate: false })).toEqual(expected);
  });

  it.each([
    ["http://localhost:11434/v1", { protocol: "http:", host: "localhost", port: 11434, path: "/v1" }],
    ["http://127.0.0.1/v1", { protocol: "http:", host: "127.0.0.1", port: 80, path: "/v1" }],
    ["http://[::1]:8000", { protocol: "http:", host: "::1", port: 8000, path: "" }],
    ["http://vllm.internal:8000/v1", { protocol: "http:", host: "vllm.internal", port: 8000, path: "/v1" }],
    ["https://10.1.2.3/v1", { protocol: "https:", host: "10.1.2.3", port: 443, path: "/v1" }],
  ])("reads %s where private addresses are allowed, and only there", (text, expected) => {
    expect(parseBaseUrl(text, { allowPrivate: true })).toEqual(expected);
    expect(() => parseBaseUrl(text, { allowPrivate: false })).toThrow(refused);
  });

  it.each([
    "127.0.0.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "api.localhost",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "１２７.０.０.１",
    "127。0。0。1",
    "ⓛocalhost",
    "%31%32%37.0.0.1",
  ])("sees that https://%s/v1 is private", (host) => {
    expect(() => parseBaseUrl(`https://${host}/v1`, { allowPrivate: false })).toThrow(refused);
    expect(() => parseBaseUrl(`https://${host}:8443`, { allowPrivate: false })).toThrow(refused);
  });

  it.each([
    "169.254.169.254",
    "169.254.169.254.",
    "0xa9fea9fe",
    "2852039166",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[64:ff9b::169.254.169.254]",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "100.100.100.200",
    "224.0.0.1",
  ])("refuses http://%s even where private addresses are allowed", (host) => {
    expect(() => parseBaseUrl(`http://${host}/latest/meta-data`, { allowPrivate: true })).toThrow(refused);
  });

  it.each([
    ["another scheme", "file:///etc/passwd"],
    ["gopher", "gopher://example.com/"],
    ["data", "data:text/plain,x"],
    ["unix sockets", "unix:/var/run/docker.sock"],
    ["web sockets", "wss://example.com/v1"],
    ["a user name", "https://user@example.com/v1"],
    ["a password", "https://user:password@example.com/v1"],
    ["a query", "https://example.com/v1?key=1"],
    ["an empty query", "https://example.com/v1?"],
    ["a fragment", "https://example.com/v1#x"],
    ["an empty fragment", "https://example.com/v1#"],
    ["a backslash", "https://example.com\\@evil.example/v1"],
    ["a tab", "https://exam\tple.com/v1"],
    ["a line end", "https://example.com/v1\r\nx: y"],
    ["a space", " https://example.com/v1"],
    ["no scheme", "example.com/v1"],
    ["no host", "https:///"],
    ["only dots", "https://./v1"],
    ["a port out of range", "https://example.com:65536/v1"],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(() => parseBaseUrl(text, { allowPrivate: true })).toThrow(refused);
  });
});

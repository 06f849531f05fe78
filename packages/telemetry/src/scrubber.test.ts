import { Secret } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createScrubber } from "./scrubber.ts";

const scrub = createScrubber();
const privateKey = ["-----BEGIN PRIVATE KEY-----", "MC4CAQAwBQYDK2VwBCIEIKg", "-----END PRIVATE KEY-----"];

describe("createScrubber", () => {
  it.each([
    ["our key", "sk-llp-0123456789abcdefghij", "[secret]"],
    ["OpenAI's key", "sk-proj-AbC_dEf-0123456789", "[secret]"],
    [
      "a key in a vendor's words",
      "Incorrect API key provided: sk-abcdefgh12345678.",
      "Incorrect API key provided: [secret].",
    ],
    ["Anthropic's key", "x-api-key: sk-ant-api03-abcdefghijkl", "x-api-key: [secret]"],
    ["Google's key", "?key=AIzaSyA0123456789abcdefghijklmnopqrstuv&alt=sse", "?key=[secret]&alt=sse"],
    ["an AWS key id", "AKIAIOSFODNN7EXAMPLE", "[secret]"],
    ["Slack's token", "xoxb-123456789012-abcdef", "[secret]"],
    ["GitHub's token", "ghp_0123456789abcdefghijklmnopqrstuvwxyz", "[secret]"],
    ["a JWT", "jwt eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl ok", "jwt [secret] ok"],
    ["an unsigned JWT", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "[secret]"],
    ["an encrypted JWT", "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn", "[secret]"],
    ["a PEM block", `a ${privateKey.join("\n")} b`, "a [secret] b"],
    ["a PEM block in JSON", `{"k":"${privateKey.join("\\n")}"}`, '{"k":"[secret]"}'],
    ["a PEM block that is cut off", `a ${privateKey.slice(0, 2).join("\n")}`, "a [secret]"],
    ["a password in a URL", "postgres://user:p%40ss@db:5432/x?a@b", "postgres://[secret]@db:5432/x?a@b"],
    ["a password with @ in a URL", "redis://:p@ss@cache:6379", "redis://[secret]@cache:6379"],
    ["a bearer token", "authorization: Bearer abc.def~ghi/jkl=", "authorization: Bearer [secret]"],
    ["a bearer token in another case", "BEARER  0123456789", "BEARER [secret]"],
    ["a percent-encoded context", "q%3Dsk-0123456789", "q%3D[secret]"],
    ["several at once", "sk-0123456789 and AKIAIOSFODNN7EXAMPLE", "[secret] and [secret]"],
  ])("hides %s", (_, text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  it.each([
    "task-scheduler-of-the-day",
    "sk-short",
    "the model gpt-4o-mini answered",
    "https://api.openai.com/v1/chat/completions",
    "https://example.com/@user/post",
    '{"url":"http://example.com","mail":"a@b.example"}',
    "a bearer is missing",
    "send a Bearer token",
    "eyJ is how a JWT begins",
    "",
  ])("leaves %s alone", (text) => {
    expect(scrub(text)).toBe(text);
  });

  it("overlooks nothing when it looks for the beginning of a secret first", () => {
    const scrubBoth = createScrubber([new Secret("an exact value"), new Secret('another "one"')]);
    const piece = fc.constantFrom(
      ...["sk-", "0123456789", "abcdefghij", "AIza", "AKIA", "ASIA", "xoxb-", "ghp_", "ghu_", "github_pat_"],
      ...["eyJ", ".", "-----BEGIN ", "A-----", "-----END A-----", "://", "@", ":", "Bearer", "bearer", " "],
      ...[
        "BEARER\t",
        "an exact value",
        "an%20exact%20value",
        'another \\"one\\"',
        "\n",
        "%3D",
        "-",
        "_",
        "A",
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        // The mark makes it look at everything and is no part of anything.
        const [text, mark] = [pieces.join(""), "://\n"];
        // What is shorter than a secret is not looked at; with the mark in front it is longer.
        fc.pre(text.length >= 8);
        expect(mark + scrubBoth(text)).toBe(scrubBoth(mark + text));
      }),
      { numRuns: 5_000 },
    );
  });

  it("hides exact values, also percent-encoded and in JSON", () => {
    const value = 'tiger "7" & co';
    const scrubExact = createScrubber([new Secret(value)]);
    const texts = [value, `?p=${encodeURIComponent(value)}&x`, JSON.stringify({ p: value })];
    expect(texts.map(scrubExact)).toEqual(["[secret]", "?p=[secret]&x", '{"p":"[secret]"}']);
  });

  it("hides the longer of two values one of which begins the other", () => {
    const scrubExact = createScrubber([new Secret("hunter2hunter2"), new Secret("hunter2hunter2-longer")]);
    expect(scrubExact("a hunter2hunter2-longer b")).toBe("a [secret] b");
  });

  it("takes values literally", () => {
    const scrubExact = createScrubber([new Secret("a.c+(d)[e]{2}|^$\\/-")]);
    expect(scrubExact("abcddddddee and a.c+(d)[e]{2}|^$\\/-")).toBe("abcddddddee and [secret]");
  });

  it("ignores values too short to tell from words", () => {
    expect(createScrubber([new Secret("password".slice(0, 7))])("passwords")).toBe("passwords");
  });

  it("survives a value that is no valid Unicode", () => {
    const scrubExact = createScrubber([new Secret("lone\ud800surrogate")]);
    expect(scrubExact("x lone\ud800surrogate y")).toBe("x [secret] y");
  });

  it.each([
    ["schemes without an end", "://".repeat(100_000)],
    ["one long authority", `://${"a".repeat(300_000)}`],
    ["many block beginnings", "-----BEGIN A-----".repeat(20_000)],
    ["dots of a JWT", `eyJ${"a.".repeat(150_000)}`],
    ["a word of many beginnings", "eyJ".repeat(100_000)],
    ["one word", "a".repeat(300_000)],
  ])("takes no more than linear time for %s", (_, text) => {
    const started = performance.now();
    scrub(text);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

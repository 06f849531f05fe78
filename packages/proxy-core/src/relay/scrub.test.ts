import { ProxyError, Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createScrubber, scrubError } from "./scrub.ts";

describe("createScrubber", () => {
  it.each([
    "sk-proj-abcdefgh12345678",
    "sk-ant-api03-abcdefgh",
    "sk-llp-v-abcdefgh",
    "sk-proj-****************wxyz",
    "AIzaSyA1234567890abcdefgh",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdef",
    "ghp_abcdefghijklmnopqrst",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIE and then it breaks off",
  ])("takes %j out", (secret) => {
    expect(createScrubber([])(`before ${secret}`)).toBe("before [secret]");
    expect(createScrubber([])(secret)).not.toContain(secret.slice(4, 16));
  });

  it("takes user and password out of a URL", () => {
    expect(createScrubber([])("see https://user:hunter22@example.com/x")).toBe(
      "see https://[secret]@example.com/x",
    );
  });

  it("takes the given secrets out wherever they stand, whatever they look like", () => {
    const scrub = createScrubber([new Secret("correct horse"), new Secret("$^.*(battery)")]);
    expect(scrub("a correct horse, acorrect horseb, $^.*(battery)")).toBe("a [secret], a[secret]b, [secret]");
  });

  it("takes no secret that is too short for one", () => {
    expect(createScrubber([new Secret("the")])("the model")).toBe("the model");
  });

  it.each([
    "Rate limit reached for gpt-4o-mini in organization org-abc on tokens per min (TPM): Limit 200000.",
    "risk-averse models, task-based ones and the sk- prefix",
    "https://platform.openai.com/account/api-keys",
  ])("leaves %j alone", (text) => {
    expect(createScrubber([])(text)).toBe(text);
  });

  it("cuts a text to 1,024 characters, after it took the secrets out", () => {
    const scrub = createScrubber([new Secret("hunter22hunter22")]);
    const clean = scrub(`${"x".repeat(1_018)}hunter22hunter22`);
    expect(clean).toBe(`${"x".repeat(1_018)}[secre…`);
  });

  it("takes time in proportion to the text", () => {
    const text = ["sk-", "eyJ", "-----BEGIN ", "://a", "AIza"].map((start) => start.repeat(10_000)).join("");
    const before = performance.now();
    createScrubber([])(text);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe("scrubError", () => {
  const scrub = createScrubber([new Secret("hunter22hunter22")]);

  it("keeps everything but the secrets", () => {
    const error = new ProxyError("upstream_failed", "no hunter22hunter22", {
      field: "model",
      reason: "some_reason",
      retryAfterMs: 5,
      vendor: { status: 400, type: "hunter22hunter22", code: "sk-abcdefgh1234", param: "hunter22hunter22.x" },
    });
    expect(scrubError(error, scrub)).toMatchObject({
      code: "upstream_failed",
      message: "no [secret]",
      field: "model",
      reason: "some_reason",
      retryAfterMs: 5,
      vendor: { status: 400, type: "[secret]", code: "[secret]", param: "[secret].x" },
    });
  });

  it("says how long to wait unless the error does", () => {
    const silent = new ProxyError("upstream_failed", "x", { vendor: { status: 429, code: 7 } });
    expect(scrubError(silent, scrub, 10)).toMatchObject({
      retryAfterMs: 10,
      vendor: { status: 429, code: 7 },
    });
    expect(scrubError(silent, scrub).retryAfterMs).toBeUndefined();
    expect(scrubError(new ProxyError("overloaded", "x", { retryAfterMs: 1 }), scrub, 10).retryAfterMs).toBe(
      1,
    );
  });
});

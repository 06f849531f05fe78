import { describe, expect, it } from "vitest";
import { baseUrlProblem, normalizeBaseUrl } from "./base-url.ts";

describe("baseUrlProblem", () => {
  it.each([
    "https://api.openai.com/v1",
    "https://api.openai.com/v1/",
    "https://api.openai.com",
    "HTTPS://API.openai.com/v1",
    "https://api.example.com:8443/v1",
    "https://api.example.com/a%20b/v1",
    "https://api.example.com/users/@me/v1",
    "https://[2606:4700::1111]/v1",
  ])("takes %s", (text) => {
    expect(baseUrlProblem(text, false)).toBeUndefined();
    expect(baseUrlProblem(text, true)).toBeUndefined();
  });

  it.each([
    ["http://api.example.com/v1", "is not encrypted"],
    ["http://127.0.0.1:8000/v1", "is a private address"],
    ["https://127.0.0.1/v1", "is a private address"],
    ["https://127.1/v1", "is a private address"],
    ["https://0x7f.1/v1", "is a private address"],
    ["https://2130706433/v1", "is a private address"],
    ["https://localhost./v1", "is a private address"],
    ["https://[::1]/v1", "is a private address"],
    ["https://%31%32%37.0.0.1/v1", "is a private address"],
    ["https://10.1.2.3/v1", "is a private address"],
  ])("takes %s only with allow_private", (text, problem) => {
    expect(baseUrlProblem(text, false)).toContain(problem);
    expect(baseUrlProblem(text, false)).toContain("allow_private: true");
    expect(baseUrlProblem(text, true)).toBeUndefined();
  });

  it.each([
    ["https://169.254.169.254/v1", "metadata"],
    ["http://169.254.169.254./v1", "metadata"],
    ["https://metadata.google.internal/v1", "metadata"],
    ["https://[::ffff:169.254.169.254]/v1", "disguised"],
    ["https://[64:ff9b::7f00:1]/v1", "disguised"],
    ["file:///etc/passwd", "is not a URL"],
    ["gopher://x/1", "is not a URL"],
    ["data:text/plain,x", "is not a URL"],
    ["unix:/run/x.sock", "is not a URL"],
    ["ftp://api.example.com", "is not a URL"],
    ["api.example.com/v1", "is not a URL"],
    ["//api.example.com/v1", "is not a URL"],
    ["https:api.example.com", "is not a URL"],
    ["https:///api.example.com", "is not a URL"],
    ["https://", "is not a URL"],
    ["https://a:99999/v1", "is not a URL"],
    ["https://exa%00mple.com", "is not a URL"],
    ["https://user@api.example.com/v1", "user name"],
    ["https://user:pass@api.example.com/v1", "user name"],
    ["https://@api.example.com/v1", "user name"],
    ["https://:@api.example.com/v1", "user name"],
    ["https://api.example.com/v1?key=x", "query"],
    ["https://api.example.com/v1?", "query"],
    ["https://api.example.com/v1#", "fragment"],
    ["https://api.example.com\\v1", "\\"],
    ["https://api.exam\tple.com/v1", "control"],
    [" https://api.example.com/v1", "spaces"],
    ["https://api.example.com/v1\n", "control"],
    ["https://api.example.com/\u0000", "control"],
    ["", "holds spaces"],
  ])("never takes %j", (text, problem) => {
    expect(baseUrlProblem(text, false)).toContain(problem);
    expect(baseUrlProblem(text, true)).toContain(problem);
  });

  it("shows nothing of the URL", () => {
    expect(baseUrlProblem("https://admin:hunter2@api.example.com/v1", false)).not.toContain("hunter2");
    expect(baseUrlProblem("https://api.example.com/v1?key=hunter2", false)).not.toContain("hunter2");
  });
});

describe("normalizeBaseUrl", () => {
  it.each([
    ["https://api.openai.com/v1", "https://api.openai.com/v1"],
    ["https://api.openai.com/v1/", "https://api.openai.com/v1"],
    ["https://api.openai.com/v1///", "https://api.openai.com/v1"],
    ["https://api.openai.com/", "https://api.openai.com"],
    ["https://API.OpenAI.com:443/V1", "https://api.openai.com/V1"],
    ["http://127.1:8000/a/../v1", "http://127.0.0.1:8000/v1"],
    ["http://[::1]:80/v1", "http://[::1]/v1"],
  ])("writes %s as %s", (text, expected) => {
    expect(normalizeBaseUrl(text)).toBe(expected);
  });
});

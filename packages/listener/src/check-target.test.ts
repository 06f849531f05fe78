import { describe, expect, it } from "vitest";
import { checkTarget } from "./check-target.ts";

describe("checkTarget", () => {
  it.each([
    "/",
    "/v1/chat/completions",
    "/v1/chat/completions/",
    "/v1/models?limit=1",
    "/v1beta/models/gemini-2:generateContent",
    "/manage/keys/a%20b",
    "/v1/models/caf%C3%A9",
    "/v1/models/100%25",
    "/a.b/..c/.well-known/c..",
    "/~user/(a),b=c&d+e'f!g*h@i$",
    "/?next=//evil/%2e%2e/;a\\b#",
  ])("lets %s pass", (target) => {
    expect(checkTarget(target)).toBeUndefined();
  });

  it.each([
    ["", /begins with \//],
    ["*", /begins with \//],
    ["http://evil/v1", /begins with \//],
    ["localhost:80", /begins with \//],
    ["//admin", /segments/],
    ["/v1//admin", /segments/],
    ["/v1/admin//", /segments/],
    ["/.", /segments/],
    ["/./v1", /segments/],
    ["/v1/..", /segments/],
    ["/v1/../admin", /segments/],
    ["/v1/../admin?x", /segments/],
    ["/v1/%2e%2e/admin", /behind %/],
    ["/v1/%2E/admin", /behind %/],
    ["/v1/.%2e/admin", /behind %/],
    ["/v1%5c..%5cadmin", /behind %/],
    ["/v1/%00", /behind %/],
    ["/v1/%0d%0aset-cookie:x", /behind %/],
    ["/v1/%1F", /behind %/],
    ["/v1/%7f", /behind %/],
    ["/v1/%", /hexadecimal/],
    ["/v1/%zz", /hexadecimal/],
    ["/v1/%2", /hexadecimal/],
    ["/v1\\admin", /backslash/],
    ["/v1;x/admin", /semicolon/],
    ["/v1#admin", /number sign/],
    ["/v1 admin", /ascii/],
    ["/v1/caf\xe9", /ascii/],
    ["/v1/\x7f", /ascii/],
  ])("refuses %j", (target, message) => {
    expect(checkTarget(target)).toMatchObject({
      status: 400,
      code: "invalid_request",
      message: expect.stringMatching(message),
    });
  });

  it("takes linear time", () => {
    const startedMs = performance.now();
    for (const long of ["/".padEnd(16_000, "."), `/${"%".repeat(16_000)}`, `/${"a/".repeat(8_000)};`])
      checkTarget(long);
    expect(performance.now() - startedMs).toBeLessThan(100);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { createLlmProxy, type LlmProxy } from "../index.ts";

const proxies: LlmProxy[] = [];

async function openProxy(): Promise<LlmProxy> {
  const proxy = await createLlmProxy({ providers: [{ name: "echo", kind: "echo" }] });
  proxies.push(proxy);
  return proxy;
}

function chatRequest(): Request {
  return new Request("http://proxy.test/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "Hello" }] }),
  });
}

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

describe("proxy.fetch", () => {
  it("answers a request whose body somebody else begins to read", async () => {
    const request = chatRequest();
    const answer = (await openProxy()).fetch(request);
    const reader = request.body?.getReader();
    expect((await answer).status).toBe(499);
    await reader?.cancel();
  });

  it("gives HEAD the headers of the answer and no body", async () => {
    const proxy = await openProxy();
    const whole = await proxy.fetch(new Request("http://proxy.test/v1/models"));
    const head = await proxy.fetch(new Request("http://proxy.test/v1/models", { method: "HEAD" }));
    expect([head.status, head.body]).toEqual([200, null]);
    expect(head.headers.get("content-length")).toBe(whole.headers.get("content-length"));
  });
});

/**
 * A new application that embeds the proxy, as somebody writes it who has the packages and nothing else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createLlmProxy, type LlmProxy, type LlmProxyOptions, type Part, ProxyError } from "@llmproxy/core";

const options: LlmProxyOptions = {
  providers: [{ name: "echo", kind: "echo" }],
  models: [{ name: "fast", targets: [{ provider: "echo", model: "echo" }] }],
  defaultModel: "fast",
};
const proxy: LlmProxy = await createLlmProxy(options);
const messages = [{ role: "user" as const, content: "one two three" }];

// In process.
let text = "";
for await (const part of proxy.stream({ messages })) text += textOf(part);
assert.equal(text, "one two three");
const { choices } = await proxy.complete({ model: "fast", messages });
assert.equal(choices[0].text, "one two three");
await assert.rejects(proxy.complete({ model: "nobody", messages }), (reason) => {
  return ProxyError.is(reason) && reason.code === "model_not_found";
});

// By HTTP, of Node and of the Fetch API.
const server = createServer(proxy.node).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const request = { model: "fast", messages };
await answers((body) => fetch(`http://127.0.0.1:${port}/v1/chat/completions`, post(body)));
await answers((body) => proxy.fetch(new Request("http://app/v1/chat/completions", post(body))));

server.close();
await proxy.close();
console.log("core");

async function answers(ask: (body: object) => Promise<Response>): Promise<void> {
  const answer = await ask(request);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /"content":"one two three"/);
  const stream = await ask({ ...request, stream: true });
  assert.match(await stream.text(), /"content":" three"[\s\S]*data: \[DONE\]\n\n$/);
  assert.equal((await ask({ ...request, model: "nobody" })).status, 404);
}

function post(body: object): RequestInit {
  const headers = { "content-type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

function textOf(part: Part): string {
  return part.type === "text-delta" ? part.text : "";
}

/**
 * A new application that calls a running server.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createLlmProxyClient, type LlmProxyClient, LlmProxyError } from "@llmproxy/sdk";

const { LLMPROXY_URL = "", LLMPROXY_KEY = "", LLMPROXY_MANAGEMENT_TOKEN = "" } = process.env;

for (const protocol of ["connect", "grpc", "grpc-web"] as const) {
  const client: LlmProxyClient = createLlmProxyClient({
    baseUrls: [LLMPROXY_URL],
    token: () => LLMPROXY_KEY,
    protocol,
  });
  const answer = await client.complete({ model: "echo", user: "one two three" });
  assert.equal(answer.text, "one two three");
  let text = "";
  for await (const piece of client.streamText({ model: "echo", user: "one two three" })) text += piece;
  assert.equal(text, "one two three");
  await assert.rejects(client.complete({ model: "nobody", user: "Hello" }), (reason) => {
    return reason instanceof LlmProxyError && reason.code === "model_not_found";
  });
  client.close();
}

const manager = createLlmProxyClient({ baseUrls: [LLMPROXY_URL], token: LLMPROXY_MANAGEMENT_TOKEN });
const { projects } = await manager.projects.listProjects({});
assert.ok(projects.length > 0);
manager.close();
console.log("sdk");

import type { Stage } from "@llmproxy/spec";
import {
  answerByPath,
  anthropicMessages,
  anthropicModels,
  anthropicTokenCount,
  createFakeUpstream,
  openaiChat,
  openaiModels,
} from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createLlmProxy } from "../create-llm-proxy.ts";
import type { ProviderInput } from "../options.ts";

const secret: Stage = (next) => (call) => {
  const { request } = call;
  if (request) {
    const content = [{ type: "text" as const, text: "nothing" }];
    call.request = { ...request, chat: { ...request.chat, messages: [{ role: "user", content }] } };
  }
  return next(call);
};

/** What the vendor is sent of a request to a path, with stages around the route. */
async function sentTo(path: string, aroundRoute: readonly Stage[], more: object = {}) {
  await using upstream = await createFakeUpstream();
  const isAnthropic = path.startsWith("/v1/messages");
  upstream.respond(
    answerByPath({
      "/chat/completions": openaiChat({ text: "ok" }),
      "/count_tokens": anthropicTokenCount(3),
      "/messages": anthropicMessages({ text: "ok" }),
      "/models": isAnthropic ? anthropicModels([]) : openaiModels([]),
    }),
  );
  const address = { name: "up", baseUrl: `${upstream.url}/v1`, allowPrivate: true };
  const provider: ProviderInput = isAnthropic
    ? { ...address, kind: "anthropic" }
    : { ...address, kind: "openai-compatible" };
  const proxy = await createLlmProxy({ providers: [provider], stages: { aroundRoute } });
  try {
    const messages = [{ role: "user", content: "my secret" }];
    const answer = await proxy.fetch(
      new Request(`http://host${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
        body: JSON.stringify({ model: "up/m", messages, ...more }),
      }),
    );
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    const sent = upstream.requests.find((request) => path.endsWith(request.path.replace("/v1", "")));
    return sent?.body.toString();
  } finally {
    await proxy.close();
  }
}

describe("a stage around the route", () => {
  it.each([
    ["/v1/chat/completions", {}],
    ["/v1/messages", { max_tokens: 5 }],
    ["/v1/messages/count_tokens", {}],
  ])("decides what %s sends, not the bytes the client sent", async (path, more) => {
    const sent = await sentTo(path, [secret], more);
    expect(sent).toContain("nothing");
    expect(sent).not.toContain("secret");
  });

  it("that changes nothing leaves the client's bytes alone", async () => {
    const only: Stage = (next) => (call) => next(call);
    const sent = await sentTo("/v1/chat/completions", [only], { unknown_field: "kept" });
    expect(JSON.parse(sent ?? "")).toMatchObject({ unknown_field: "kept" });
  });

  it("that names another model leaves the client's other bytes alone", async () => {
    const rename: Stage = (next) => (call) => {
      if (call.request) call.request = { ...call.request, model: "up/other" };
      return next(call);
    };
    const sent = await sentTo("/v1/chat/completions", [rename], { unknown_field: "kept" });
    expect(JSON.parse(sent ?? "")).toMatchObject({ model: "other", unknown_field: "kept" });
  });
});

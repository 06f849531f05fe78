import {
  type AnswerScript,
  answerByPath,
  createFakeUpstream,
  openaiEvent,
  openaiModels,
} from "@llmproxy/testing";
import { expect, it } from "vitest";
import { createLlmProxy, type LlmProxy } from "./create-llm-proxy.ts";

const chunks = 1024;
const bulk = openaiEvent(
  JSON.stringify({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "gpt",
    choices: [{ index: 0, delta: { content: "x".repeat(65_536) }, finish_reason: null }],
  }),
);
/** Of the 64 MiB there are: what the buffers of a socket's two ends hold (Linux: 4 and 6 MiB), and some. */
const mostBytesHeld = 16 * 1024 * 1024;

const messages = [{ role: "user" as const, content: "much" }];

/** Takes the first piece of an answer and waits; what it returns lets go of the rest. */
type SlowReader = (proxy: LlmProxy) => Promise<() => unknown>;

const byStream: SlowReader = async (proxy) => {
  const parts = proxy.stream({ model: "up/gpt", messages });
  await parts.next();
  return () => parts.return?.();
};

const byFetch: SlowReader = async (proxy) => {
  const answer = await proxy.fetch(
    new Request("http://host/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "up/gpt", stream: true, messages }),
    }),
  );
  const reader = answer.body?.getReader();
  await reader?.read();
  return () => reader?.cancel();
};

it.each([
  ["stream", byStream],
  ["fetch", byFetch],
])("a reader of %s that waits holds the vendor back", async (_, read) => {
  await using upstream = await createFakeUpstream();
  const answer: AnswerScript = { stream: Array.from({ length: chunks }, () => bulk) };
  upstream.respond(answerByPath({ "/models": openaiModels([]), "/chat/completions": answer }));
  const proxy = await createLlmProxy({
    providers: [{ name: "up", kind: "openai-compatible", baseUrl: `${upstream.url}/v1`, allowPrivate: true }],
  });
  try {
    const leave = await read(proxy);
    const sent = upstream.requests.find(({ path }) => path.endsWith("/chat/completions"));
    await stillness(() => sent?.bytesSent ?? 0);
    expect(sent?.bytesSent).toBeGreaterThan(0);
    expect(sent?.bytesSent).toBeLessThan(mostBytesHeld);
    await leave();
    await upstream.waitForClose(upstream.requests.indexOf(sent!) + 1);
    expect(sent?.isAborted).toBe(true);
  } finally {
    await proxy.close();
  }
});

/** Waits until a number has stayed the same for many turns of the event loop, in which all I/O there is has its say. */
async function stillness(value: () => number): Promise<void> {
  let seen = value();
  for (let turns = 0; turns < 1_000; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (value() === seen) continue;
    seen = value();
    turns = 0;
  }
}

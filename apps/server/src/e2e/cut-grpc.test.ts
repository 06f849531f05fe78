import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { LlmProxyService, type StreamChunk } from "@llmproxy/proto";
import { createFakeUpstream, loadRecording, openaiEventStream, openaiModels, until } from "@llmproxy/testing";
import { expect, it } from "vitest";
import { startTestServer, upstreamProvider } from "../test-support/test-server.ts";

it("a stream that is cut ends without `complete`, wherever it is cut, and is recorded once", {
  timeout: 60_000,
}, async () => {
  await using upstream = await createFakeUpstream();
  await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
  const { chunks } = loadRecording("openai-chat", "stream", "openai-text");
  const stream = openaiEventStream([...chunks.slice(0, 2), ...chunks.slice(-2)]);
  // The model says where its answer is cut, so that many can be cut at once.
  upstream.respond((request) => {
    if (request.method === "GET") return openaiModels([]);
    const { model } = request.json() as { model: string };
    const afterBytes = Number(model.split("-")[1]);
    return { stream: [stream], fault: { kind: afterBytes % 2 ? "cut" : "reset", afterBytes } };
  });
  const client = createClient(LlmProxyService, createGrpcTransport({ baseUrl: server.url }));
  const headers = { authorization: `Bearer ${server.apiKey}` };
  const seenAt = async (afterBytes: number): Promise<{ kinds: unknown[]; failed: boolean }> => {
    const kinds: StreamChunk["chunkType"]["case"][] = [];
    try {
      const asked = client.streamExecute(
        { userFragments: ["x"], modelName: `up/cut-${afterBytes}` },
        { headers },
      );
      for await (const { chunkType } of asked) kinds.push(chunkType.case);
      return { kinds, failed: false };
    } catch {
      return { kinds, failed: true };
    }
  };
  const places = Array.from({ length: stream.length + 1 }, (_, afterBytes) => afterBytes);
  for (let start = 0; start < places.length; start += 50) {
    const batch = places.slice(start, start + 50);
    for (const [index, { kinds, failed }] of (await Promise.all(batch.map(seenAt))).entries()) {
      expect(kinds, `cut after ${batch[index]} bytes`).not.toContain("complete");
      expect(failed || kinds.at(-1) === "error", `cut after ${batch[index]} bytes`).toBe(true);
    }
  }
  const ended = () => server.logger.entries.filter((entry) => entry.message === "call");
  await until(() => ended().length === places.length);
  expect(new Set(ended().map(({ fields }) => fields.outcome))).toEqual(new Set(["upstream-cut"]));
});

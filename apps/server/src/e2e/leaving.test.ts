import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  answerByPath,
  createFakeUpstream,
  expectNoLeaks,
  type FakeUpstream,
  openaiChat,
  openaiModels,
  until,
} from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { startTestServer, type TestServer, upstreamProvider } from "../test-support/test-server.ts";

const body = JSON.stringify({ model: "up/gpt", stream: true, messages: [{ role: "user", content: "x" }] });

function ask(server: TestServer, signal: AbortSignal): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body,
    signal,
  });
}

const chatOf = (upstream: FakeUpstream) =>
  upstream.requests.find(({ path }) => path === "/v1/chat/completions");

function outcomes(server: TestServer): unknown[] {
  return server.logger.entries
    .filter(({ message }) => message === "call")
    .map(({ fields }) => fields.outcome);
}

describe("a client that leaves", () => {
  it("while its upstream thinks closes the upstream connection", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "", fault: { kind: "stall" } });
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    const leaving = new AbortController();
    const asked = ask(server, leaving.signal).catch((error: Error) => error.name);
    await until(() => chatOf(upstream) !== undefined);
    leaving.abort();
    expect(await asked).toBe("AbortError");
    await until(() => chatOf(upstream)?.isClosed === true && outcomes(server).length === 1);
    expect([chatOf(upstream)?.isAborted, outcomes(server)]).toEqual([true, ["canceled"]]);
  });

  it("while its answer streams closes the upstream connection before the next chunk", async () => {
    await using upstream = await createFakeUpstream();
    const gate = Promise.withResolvers<void>();
    const frame = `data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n`;
    const stream = (async function* () {
      yield frame;
      await gate.promise;
      yield frame;
    })();
    upstream.respond(answerByPath({ "/models": openaiModels([]), "/chat/completions": { stream } }));
    await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
    const leaving = new AbortController();
    const answer = await ask(server, leaving.signal);
    await answer.body?.getReader().read();
    leaving.abort();
    await until(() => chatOf(upstream)?.isClosed === true);
    expect(chatOf(upstream)).toMatchObject({ isAborted: true, chunksProduced: 1 });
    gate.resolve();
    await until(() => outcomes(server).length === 1);
    expect(outcomes(server)).toEqual(["canceled"]);
  });

  it("while the connection is being made gives it up", async () => {
    // The TCP connection is accepted and the TLS handshake never answered: that is still connecting.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {}).resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    await using server = await startTestServer({
      providers: [upstreamProvider(`https://127.0.0.1:${port}`)],
    });
    const leaving = new AbortController();
    const asked = ask(server, leaving.signal).catch((error: Error) => error.name);
    // The catalogue is asked for on a connection of its own.
    await until(() => sockets.length === 2);
    leaving.abort();
    expect(await asked).toBe("AbortError");
    await until(
      () =>
        outcomes(server).length === 1 && sockets.some((socket) => socket.destroyed || socket.readableEnded),
    );
    expect(outcomes(server)).toEqual(["canceled"]);
    silent.close();
    for (const socket of sockets) socket.destroy();
  });

  it("leaves no handle, timer or listener behind", { timeout: 30_000 }, async () => {
    await expectNoLeaks(async () => {
      await using upstream = await createFakeUpstream();
      await using server = await startTestServer({ providers: [upstreamProvider(upstream.url)] });
      for (const fault of [
        undefined,
        { kind: "stall" as const },
        { kind: "stall" as const, afterBytes: 300 },
      ]) {
        upstream.respond(openaiChat({ text: "one two three four", ...(fault && { fault }) }));
        const leaving = new AbortController();
        const asked = ask(server, leaving.signal).then((answer) => answer.body?.getReader().read());
        asked.catch(() => {});
        await until(() => upstream.requests.filter(({ path }) => path === "/v1/chat/completions").length > 0);
        leaving.abort();
        await asked.catch(() => {});
      }
    });
  });
});

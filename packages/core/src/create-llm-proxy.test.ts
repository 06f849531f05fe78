import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type Part, ProxyError, type Stage } from "@llmproxy/spec";
import {
  answerByPath,
  createFakeUpstream,
  expectNoLeaks,
  type FakeUpstream,
  openaiChat,
  openaiDone,
  openaiError,
  openaiEvent,
  openaiModels,
  until,
} from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createLlmProxy, type LlmProxy } from "./create-llm-proxy.ts";
import type { LlmProxyOptions, ProviderInput } from "./options.ts";

const echo: ProviderInput = { name: "echo", kind: "echo" };
const messages = [{ role: "user" as const, content: "one two three" }];
const body = (more: object = {}) => JSON.stringify({ model: "echo", messages, ...more });

async function withProxy<T>(options: Partial<LlmProxyOptions>, run: (proxy: LlmProxy) => Promise<T>) {
  const proxy = await createLlmProxy({ providers: [echo], ...options });
  try {
    return await run(proxy);
  } finally {
    await proxy.close();
  }
}

function post(url: string, text: string, init: RequestInit = {}): Request {
  const headers = { "content-type": "application/json" };
  return new Request(url, { method: "POST", headers, body: text, ...init });
}

/** An upstream whose stream sends one chunk and then waits. */
async function pausingUpstream(): Promise<FakeUpstream & { release(): void }> {
  const upstream = await createFakeUpstream();
  const gate = Promise.withResolvers<void>();
  async function* stream(): AsyncGenerator<string> {
    yield event(chunk({ role: "assistant", content: "one" }));
    await gate.promise;
    yield event(chunk({ content: " two three" }));
    yield event(chunk({}, "stop"));
    yield event({
      ...chunk({}),
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 },
    });
    yield openaiDone;
  }
  const chat = () => ({ stream: stream() });
  upstream.respond(answerByPath({ "/chat/completions": chat, "/models": openaiModels([]) }));
  return Object.assign(upstream, { release: gate.resolve });
}

const event = (json: object): string => openaiEvent(JSON.stringify(json));

function chunk(delta: object, finishReason: string | null = null) {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return { id: "c1", object: "chat.completion.chunk", created: 1, model: "gpt", choices };
}

function providerAt(upstream: FakeUpstream): ProviderInput {
  const baseUrl = `${upstream.url}/v1`;
  return { name: "up", kind: "openai-compatible", baseUrl, apiKey: "sk-as-text-1234", allowPrivate: true };
}

async function listen(handler: RequestListener) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

describe("stream", () => {
  it("gives the answer part by part", () =>
    withProxy({}, async (proxy) => {
      const parts = await Array.fromAsync(proxy.stream({ model: "echo", messages }));
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      expect([parts[0]?.type, text, parts.at(-1)?.type]).toEqual(["start", "one two three", "usage"]);
    }));

  it("sends nothing before it is iterated", async () => {
    await using upstream = await pausingUpstream();
    await withProxy({ providers: [providerAt(upstream)] }, async (proxy) => {
      const stream = proxy.stream({ model: "up/gpt", messages });
      await stream.return?.();
      expect(upstream.requests.some(({ path }) => path.endsWith("/chat/completions"))).toBe(false);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
    });
  });

  it.each(["by leaving the loop", "by the signal"])("ends the call upstream %s", async (way) => {
    await using upstream = await pausingUpstream();
    await withProxy({ providers: [providerAt(upstream)] }, async (proxy) => {
      const leaving = new AbortController();
      const stream = proxy.stream({ model: "up/gpt", messages, signal: leaving.signal });
      for (let part = await stream.next(); part.value?.type !== "text-delta"; part = await stream.next());
      if (way === "by leaving the loop") await stream.return?.();
      else {
        leaving.abort();
        await expect(stream.next()).rejects.toMatchObject({ code: "canceled" });
      }
      const chat = upstream.requests.find(({ path }) => path.endsWith("/chat/completions"));
      await until(() => chat?.isAborted === true);
    });
  });

  it.each([
    [{ messages: [] }, "messages"],
    [{ messages: "hello" }, "messages"],
    [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages[0].content"],
    [{ messages, model: "" }, "model"],
  ])("refuses %j at once, naming the field", (options, field) =>
    withProxy({}, async (proxy) => {
      expect(() => proxy.stream({ model: "echo", ...options } as never)).toThrow(
        expect.objectContaining({ code: "invalid_request", field }),
      );
    }),
  );

  it("throws what the call fails with", () =>
    withProxy({}, async (proxy) => {
      const stream = proxy.stream({ model: "unknown", messages });
      await expect(stream.next()).rejects.toMatchObject({ code: "model_not_found" });
    }));

  it("needs no credentials where others do: the process is trusted", () => {
    const authenticator = {
      authenticate: () => Promise.reject(new ProxyError("unauthenticated", "no")),
    };
    return withProxy({ authenticator }, async (proxy) => {
      expect((await proxy.complete({ model: "echo", messages })).choices[0].text).toBe("one two three");
      const answer = await proxy.fetch(post("http://host/v1/chat/completions", body()));
      expect(answer.status).toBe(401);
    });
  });

  it("uses the default model", () =>
    withProxy({ defaultModel: "echo" }, async (proxy) => {
      expect((await proxy.complete({ messages })).choices[0].text).toBe("one two three");
    }));
});

describe("fetch", () => {
  it("answers as the server does", () =>
    withProxy({}, async (proxy) => {
      const answer = await proxy.fetch(post("http://host/v1/chat/completions", body()));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-llmproxy-provider")).toBe("echo");
      expect(await answer.json()).toMatchObject({ choices: [{ message: { content: "one two three" } }] });
    }));

  it("streams", () =>
    withProxy({}, async (proxy) => {
      const answer = await proxy.fetch(post("http://host/v1/chat/completions", body({ stream: true })));
      expect(answer.headers.get("content-type")).toContain("text/event-stream");
      const text = await answer.text();
      expect(text.match(/"content":"(one| two| three)"/g)).toHaveLength(3);
      expect(text).toMatch(/data: \[DONE\]\n\n$/);
    }));

  it("knows its endpoints below a base path", () =>
    withProxy({ http: { basePath: "/api/llm" } }, async (proxy) => {
      const answer = await proxy.fetch(new Request("http://host/api/llm/v1/models"));
      expect(await answer.json()).toMatchObject({ data: [{ id: "echo" }] });
    }));

  it("knows no endpoints beside it", () =>
    withProxy({ http: { basePath: "/api/llm" } }, async (proxy) => {
      const answer = await proxy.fetch(new Request("http://host/v1/models"));
      expect(answer.status).toBe(404);
      await using server = await listen((request, response) => proxy.node(request, response));
      const statuses = ["/v1/models", "/api/llm/v1/models"].map(
        async (path) => (await fetch(server.url + path)).status,
      );
      expect(await Promise.all(statuses)).toEqual([404, 200]);
    }));

  it.each(["aborting the request", "canceling the body"])("ends the call upstream by %s", async (way) => {
    await using upstream = await pausingUpstream();
    await withProxy({ providers: [providerAt(upstream)] }, async (proxy) => {
      const leaving = new AbortController();
      const asked = body({ model: "up/gpt", stream: true });
      const request = post("http://host/v1/chat/completions", asked, { signal: leaving.signal });
      const answer = await proxy.fetch(request);
      const reader = answer.body?.getReader();
      await reader?.read();
      if (way === "aborting the request") leaving.abort();
      else await reader?.cancel();
      const chat = upstream.requests.find(({ path }) => path.endsWith("/chat/completions"));
      await until(() => chat?.isAborted === true);
    });
  });

  it("ends a stream that was cut with an error frame and a failure, never as if it were complete", async () => {
    await using upstream = await createFakeUpstream();
    const chat = openaiChat({ text: "one two three", fault: { kind: "reset", afterBytes: 400 } });
    upstream.respond(answerByPath({ "/chat/completions": chat, "/models": openaiModels([]) }));
    await withProxy({ providers: [providerAt(upstream)] }, async (proxy) => {
      const asked = body({ model: "up/gpt", stream: true });
      const answer = await proxy.fetch(post("http://host/v1/chat/completions", asked));
      const reader = answer.body?.getReader();
      let text = "";
      const read = async (): Promise<void> => {
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
          text += Buffer.from(part.value).toString();
      };
      await expect(read()).rejects.toThrow();
      expect(text).toContain("upstream_cut");
      expect(text).not.toContain("[DONE]");
    });
  });

  it.each([
    ["read", (request: Request) => request.text()],
    ["taken", async (request: Request) => request.body?.getReader()],
  ])("does not wait for a body that was %s before", (_, use) =>
    withProxy({}, async (proxy) => {
      const request = post("http://host/v1/chat/completions", body());
      await use(request);
      expect((await proxy.fetch(request)).status).toBe(500);
    }),
  );

  it("tells pages of other origins what they may do", () => {
    const cors = { origins: ["https://app.example.com"], maxAgeMs: 1000 };
    return withProxy({ http: { cors } }, async (proxy) => {
      const headers = { origin: "https://app.example.com", "access-control-request-method": "POST" };
      const preflight = new Request("http://host/v1/messages", { method: "OPTIONS", headers });
      expect((await proxy.fetch(preflight)).status).toBe(204);
    });
  });

  it.each([
    ["http://host/v1/chat/completions", { error: { type: "invalid_request_error", param: "messages" } }],
    ["http://host/v1/messages", { type: "error", error: { type: "invalid_request_error" } }],
  ])("answers mistakes on %s in its own shape", (url, shape) =>
    withProxy({}, async (proxy) => {
      const answer = await proxy.fetch(post(url, '{"model":"echo","max_tokens":5}'));
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject(shape);
    }),
  );
});

describe("node", () => {
  it("answers everything without next", () =>
    withProxy({}, async (proxy) => {
      await using server = await listen((request, response) => proxy.node(request, response));
      const models = await fetch(`${server.url}/v1/models`);
      const stray = await fetch(`${server.url}/elsewhere`);
      expect([models.status, stray.status]).toEqual([200, 404]);
    }));

  it("passes on what is no endpoint", () =>
    withProxy({ http: { basePath: "/llm" } }, async (proxy) => {
      await using server = await listen((request, response) =>
        proxy.node(request, response, () => response.end(`elsewhere ${request.url}`)),
      );
      const models = await fetch(`${server.url}/llm/v1/models`);
      expect([models.status, await models.json()]).toEqual([
        200,
        expect.objectContaining({ object: "list" }),
      ]);
      expect(await (await fetch(`${server.url}/v1/models`)).text()).toBe("elsewhere /v1/models");
    }));

  it("takes a body that a parser has read", () =>
    withProxy({}, async (proxy) => {
      await using server = await listen(async (request, response) => {
        const chunks = await Array.fromAsync(request);
        Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) });
        proxy.node(request, response);
      });
      const answer = await fetch(post(`${server.url}/v1/chat/completions`, body()));
      expect(await answer.json()).toMatchObject({ choices: [{ message: { content: "one two three" } }] });
    }));

  it("does not wait for a body that was read and thrown away", () =>
    withProxy({}, async (proxy) => {
      await using server = await listen(async (request, response) => {
        await Array.fromAsync(request);
        proxy.node(request, response);
      });
      expect((await fetch(post(`${server.url}/v1/chat/completions`, body()))).status).toBe(500);
    }));
});

describe("stages", () => {
  it("stand behind admit and around route", async () => {
    const seen: string[] = [];
    const note =
      (name: string): Stage =>
      (next) =>
      async (call) => {
        seen.push(`${name} ${call.principal?.kind} ${call.request?.model ?? "not read"}`);
        const reply = await next(call);
        reply.onEnd(({ outcome }) => seen.push(`${name} ${outcome}`));
        return reply;
      };
    const stages = { afterAdmit: [note("outer")], aroundRoute: [note("inner")] };
    await withProxy({ stages }, (proxy) => proxy.complete({ model: "echo", messages }));
    expect(seen).toEqual([
      "outer application not read",
      "inner application echo",
      "inner finished",
      "outer finished",
    ]);
  });

  it("can refuse, change the request and answer themselves", async () => {
    const rename: Stage = (next) => (call) => {
      if (call.request?.model === "forbidden")
        throw new ProxyError("model_not_allowed", "not today", { field: "model" });
      if (call.request?.model === "alias") call.request = { ...call.request, model: "echo" };
      return next(call);
    };
    await withProxy({ stages: { aroundRoute: [rename] } }, async (proxy) => {
      const renamed = await proxy.complete({ model: "alias", messages });
      expect(renamed.choices[0].text).toBe("one two three");
      await expect(proxy.complete({ model: "forbidden", messages })).rejects.toMatchObject({
        code: "model_not_allowed",
      });
    });
  });
});

describe("createLlmProxy", () => {
  it.each([
    ["no provider", { providers: [] }, "providers"],
    ["two providers of one name", { providers: [echo, echo] }, "providers[1].name"],
    ["a base path that is none", { http: { basePath: "api" } }, "http.basePath"],
  ])("refuses %s", async (_, options, field) => {
    await expect(createLlmProxy({ providers: [echo], ...options })).rejects.toMatchObject({
      code: "invalid_request",
      field,
    });
  });
});

describe("update", () => {
  it("sends the next call elsewhere and lets a stream end where it began", async () => {
    await using before = await pausingUpstream();
    await using after = await createFakeUpstream();
    const chat = openaiChat({ text: "from the new one" });
    after.respond(answerByPath({ "/chat/completions": chat, "/models": openaiModels([]) }));
    const models = [{ name: "fast", targets: [{ provider: "up", model: "gpt" }] }];
    await withProxy({ providers: [providerAt(before)], models }, async (proxy) => {
      const stream = proxy.stream({ model: "fast", messages });
      const parts: Part[] = [(await stream.next()).value as Part];
      proxy.update({ providers: [providerAt(after)], models });
      const next = await proxy.complete({ model: "fast", messages });
      expect(next.choices[0].text).toBe("from the new one");
      before.release();
      parts.push(...(await Array.fromAsync(stream)));
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      expect([text, parts.at(-1)?.type]).toEqual(["one two three", "usage"]);
    });
  });

  it("changes nothing when the new models are not right", () =>
    withProxy({}, async (proxy) => {
      const models = [{ name: "m", targets: [{ provider: "nobody", model: "x" }] }];
      expect(() => proxy.update({ providers: [echo], models })).toThrow(
        expect.objectContaining({ code: "invalid_request", field: "models[0].targets[0].provider" }),
      );
      expect((await proxy.complete({ model: "echo", messages })).choices[0].text).toBe("one two three");
    }));

  it("keeps the connections of providers that stay", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(
      answerByPath({ "/chat/completions": openaiChat({ text: "x" }), "/models": openaiModels([]) }),
    );
    await withProxy({ providers: [providerAt(upstream)] }, async (proxy) => {
      await proxy.complete({ model: "up/gpt", messages });
      const opened = upstream.connections;
      proxy.update({ providers: [providerAt(upstream), echo] });
      await proxy.complete({ model: "up/gpt", messages });
      expect(upstream.connections).toBe(opened);
    });
  });
});

it("leaves nothing behind", async () => {
  await expectNoLeaks(async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(
      answerByPath({
        "/chat/completions": openaiError({ message: "no" }, { status: 500 }),
        "/models": openaiModels([]),
      }),
    );
    await withProxy({ providers: [providerAt(upstream)] }, async (proxy) => {
      await expect(proxy.complete({ model: "up/gpt", messages })).rejects.toThrow();
      proxy.update({ providers: [echo] });
      await proxy.complete({ model: "echo", messages });
    });
  });
});

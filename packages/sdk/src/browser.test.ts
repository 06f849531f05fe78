import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { ChatService } from "@llmproxy/proto";
import { until } from "@llmproxy/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLlmProxyClient } from "./browser.ts";
import { bundleForBrowsers } from "./testing/browser-bundle.ts";
import { createFakeChat, type FakeChat, text, untilLeft } from "./testing/fake-chat.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";

const hello = { model: "fast", user: "Hello" };
let chat: FakeChat;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer(({ service }) => {
    service(ChatService, {
      complete: (request, context) => chat.complete(request, context),
      streamComplete: (request, context) => chat.streamComplete(request, context),
    });
  });
});
afterAll(() => server.close());
beforeEach(() => {
  chat = createFakeChat();
});

describe("a client over fetch", () => {
  const client = () => createLlmProxyClient({ baseUrls: [`${server.http1}/`], token: () => "t" });

  it("asks and streams", async () => {
    expect((await client().complete(hello)).text).toBe("Hello world");
    expect(await Array.fromAsync(client().streamText(hello))).toEqual(["Hello", " world"]);
    expect(chat.asked[0]?.context.requestHeader.get("authorization")).toBe("Bearer t");
  });

  it("lets go of the answer when its reader leaves", async () => {
    chat.pieces = [text("one"), untilLeft];
    for await (const _ of client().streamText(hello)) break;
    await until(() => chat.asked[0]?.context.signal.aborted === true);
  });

  it("goes to the next server when fetch fails", async () => {
    const asked: string[] = [];
    const broken = createLlmProxyClient({
      baseUrls: ["http://gone.invalid", server.http1],
      fetch: (input, init) => {
        asked.push(new URL(String(input)).host);
        if (asked.length === 1) return Promise.reject(new TypeError("Failed to fetch"));
        return fetch(input, init);
      },
    });
    expect((await broken.complete(hello)).text).toBe("Hello world");
    expect(asked).toEqual(["gone.invalid", new URL(server.http1).host]);
  });
});

/** What browsers have of what Node has too. */
const webGlobals = {
  ...{ AbortController, AbortSignal, DOMException, Headers, ReadableStream, Request, Response, URL },
  ...{ TextDecoder, TextEncoder, TransformStream, atob, btoa, clearTimeout, crypto, fetch, performance },
  ...{ queueMicrotask, setTimeout, structuredClone },
};

/** What an entry passes on from other files. */
function exportsOf(entry: string): readonly string[] {
  const source = readFileSync(new URL(entry, import.meta.url), "utf8");
  return [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
    .flatMap(([, names = ""]) => names.split(","))
    .map((name) => name.replace("type ", "").trim())
    .filter((name) => name !== "");
}

describe("the entry for browsers", () => {
  it("has the same names as Node's", () => {
    expect(exportsOf("browser.ts")).toEqual(exportsOf("node.ts"));
    expect(exportsOf("browser.ts")).toContain("LlmProxyError");
  });

  it("is bundled without anything of Node's", async () => {
    const { imports, dynamicImports, modules } = await bundleForBrowsers("esm");
    const names = Object.keys(modules);
    expect([imports, dynamicImports]).toEqual([[], []]);
    expect(names.some((name) => name.endsWith("/sdk/src/browser.ts"))).toBe(true);
    expect(names.filter((name) => /^node:|connect-node|\/sdk\/src\/node\.ts$/.test(name))).toEqual([]);
  });

  it("runs where there is nothing but what browsers have", async () => {
    const { code } = await bundleForBrowsers("iife");
    const sdk: typeof import("./browser.ts") = runInNewContext(`${code}; sdk`, webGlobals);
    const client = sdk.createLlmProxyClient({ baseUrls: [server.http1] });
    expect((await client.complete(hello)).text).toBe("Hello world");
    expect(await Array.fromAsync(client.streamText(hello))).toEqual(["Hello", " world"]);
  });
});

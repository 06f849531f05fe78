import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import type { Rpc } from "@llmproxy/services";
import { open } from "@llmproxy/services";
import { until } from "@llmproxy/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unaryMethods, watchMethod } from "../testing/everything.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { createRoutes } from "./routes.ts";

const rpcs: readonly Rpc[] = unaryMethods.map((method) => ({
  kind: "unary",
  access: open,
  method,
  handle: async (message) => message,
}));
const { bindings } = createRoutes({
  rpcs: rpcs.map((rpc) => ({ rpc, path: `/${rpc.method.name}` })),
  services: [],
});

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(rpcs);
});
afterAll(() => server.close());

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.url, { method, path, headers }, async (answer) => {
      const text = Buffer.concat(await Array.fromAsync(answer)).toString();
      resolve({ status: answer.statusCode, type: answer.headers["content-type"], text });
    });
    request.on("error", reject).end(body);
  });
}

const fieldNames = bindings[0]?.registered.rpc.method.input.fields.map(({ name }) => name) ?? [];
const word = fc.oneof(
  fc.constantFrom(...fieldNames, "__proto__", "constructor", "inner.inner.text", "", "a.b", "..."),
  fc.string({ maxLength: 8 }),
);
/** What a path or a query may have in it on the wire. */
const onWire = (text: string): string => encodeURI(text).replace(/[^!-~]/g, "");
const escaped = fc.oneof(word.map(onWire), fc.constantFrom("%", "%zz", "%ff", "%2F", "+", ":", "a:undo"));
const query = fc
  .array(fc.tuple(escaped, escaped), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join("&"));
const json = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.dictionary(word, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 }).map((value) => JSON.stringify(value)),
);
const body = fc.oneof(
  json.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }),
);

describe("any request", () => {
  it("is answered, or refused in words, and never fails", async () => {
    const anyPath = fc.tuple(fc.constantFrom(...bindings), fc.array(escaped, { minLength: 3, maxLength: 3 }));
    const methods = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE");
    const types = fc.constantFrom("application/json", "text/plain", "application/json;charset=x", ",");
    await fc.assert(
      fc.asyncProperty(
        anyPath,
        methods,
        query,
        types,
        body,
        async ([binding, words], method, search, type, bytes) => {
          let index = 0;
          const path = binding.template.text.replace(
            /\{[^}]*\}/g,
            () => words[index++ % words.length] ?? "x",
          );
          const headers = { "content-type": type, "content-length": String(bytes.length) };
          const answer = await send(method, `${path}?${search}`, headers, bytes);
          expect([200, 201, 204, 400, 404, 405, 415]).toContain(answer.status);
          if (answer.status === 400 && method !== "HEAD") {
            expect(answer.type).toBe("application/json");
            expect(JSON.parse(answer.text)).toMatchObject({
              code: "invalid_request",
              error: expect.stringMatching(/: /),
            });
          }
        },
      ),
      { numRuns: 600 },
    );
    expect(server.logger.entries.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("with json has an answer that is the same again", async () => {
    await fc.assert(
      fc.asyncProperty(json, async (text) => {
        const headers = { "content-type": "application/json" };
        const first = await send("POST", "/test/body", headers, Buffer.from(text));
        if (first.status !== 200) return;
        const second = await send("POST", "/test/body", headers, Buffer.from(first.text));
        expect([second.status, second.text]).toEqual([200, first.text]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("many clients that leave", () => {
  it("leave nothing behind, whichever http they speak", async () => {
    let running = 0;
    const watched = await startTestServer([
      {
        kind: "server-stream",
        access: open,
        method: watchMethod,
        async *handle(_, { signal }) {
          running++;
          try {
            yield { text: "a" };
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          } finally {
            running--;
          }
        },
      },
    ]);
    try {
      const session = connect(watched.http2Url);
      session.on("error", () => {});
      const leave = Array.from({ length: 20 }, (_, index) => {
        if (index % 2 === 0) {
          const request = httpRequest(`${watched.url}/test/watch`, { agent: false }, (answer) =>
            answer.resume().on("error", () => {}),
          );
          request.on("error", () => {}).end();
          return () => request.destroy();
        }
        const stream = session.request({ ":path": "/test/watch" });
        stream.on("error", () => {}).resume();
        return () => stream.close(8);
      });
      await until(() => running === 20);
      for (const each of leave) each();
      await until(() => running === 0);
      const labels = { method: "test.v1.TestService/Watch", code: "canceled" };
      await until(() => watched.meter.value("llmproxy_rpcs_total", labels) === 20);
      session.destroy();
    } finally {
      await watched.close();
    }
  });
});

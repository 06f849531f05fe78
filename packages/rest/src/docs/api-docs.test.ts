import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { everyRpc } from "../testing/every-rpc.ts";
import { http2Request } from "../testing/test-server.ts";
import { createApiDocs } from "./api-docs.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const docs = createApiDocs({
  registry: everyRpc(),
  version: "1.2.3",
  metricsPath: "/metrics",
  requestId: (offered) => offered ?? "made-here",
});

async function serve(): Promise<string> {
  const server = createServer((request, response) => {
    if (!docs.handle(request, response)) response.writeHead(404).end();
  });
  closers.push(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The answer as it comes; `fetch` would decompress it. */
function get(
  url: string,
  headers: Record<string, string>,
): Promise<{ answer: IncomingMessage; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asking = httpRequest(url, { headers }, async (answer) => {
      resolve({ answer, body: Buffer.concat(await Array.fromAsync(answer)) });
    });
    asking.on("error", reject).end();
  });
}

describe("/openapi.json", () => {
  it("is the document, the same each time", async () => {
    const url = await serve();
    const answer = await fetch(`${url}/openapi.json`);
    const text = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(JSON.parse(text)).toMatchObject({ openapi: "3.1.1", info: { version: "1.2.3" } });
    expect(await (await fetch(`${url}/openapi.json`)).text()).toBe(text);
  });
});

describe("/docs", () => {
  it("may do nothing but show this server's own documentation", async () => {
    const answer = await fetch(`${await serve()}/docs`);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
  });

  it("refers to nothing but what is served here", async () => {
    const url = await serve();
    const page = await (await fetch(`${url}/docs`)).text();
    const references = Array.from(
      page.matchAll(/(?:src|href|spec-url)="([^"]*)"/g),
      ([, reference = ""]) => reference,
    );
    expect(references.length).toBeGreaterThan(2);
    expect(page).not.toMatch(/https?:|\/\//);
    for (const reference of references.filter((each) => !each.startsWith("data:"))) {
      const target = new URL(reference, `${url}/docs`);
      expect([target.origin, (await fetch(target)).status]).toEqual([url, 200]);
    }
  });

  it("has its program compressed, or not", async () => {
    const url = `${await serve()}/docs/openapi-explorer.min.js`;
    const compressed = await get(url, { "accept-encoding": "br, gzip" });
    expect(compressed.answer.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "text/javascript; charset=utf-8",
      vary: "accept-encoding",
    });
    for (const headers of [{}, { "accept-encoding": "gzip;q=0" }]) {
      const plain = await get(url, headers as Record<string, string>);
      expect(plain.answer.headers["content-encoding"]).toBeUndefined();
      expect(plain.body.equals(gunzipSync(compressed.body))).toBe(true);
    }
  });

  it("runs a program that defines the page's element and asks no other host", async () => {
    const program = await (await fetch(`${await serve()}/docs/openapi-explorer.min.js`)).text();
    expect(program).toContain('customElements.define("openapi-explorer"');
    const hosts = new Set(Array.from(program.matchAll(/https?:\/\/([a-z0-9.-]+)/g), ([, host]) => host));
    // What examples and comments name; none of them is asked.
    expect([...hosts].toSorted()).toEqual(["example.com", "github.com", "localhost", "marked.js.org"]);
  });

  it("is found with a slash behind it", async () => {
    const answer = await fetch(`${await serve()}/docs/`);
    expect([answer.status, new URL(answer.url).pathname]).toEqual([200, "/docs"]);
  });
});

describe("the routes", () => {
  it.each(["/openapi.json", "/docs", "/docs/openapi-explorer.min.js"])(
    "%s can only be read",
    async (path) => {
      const url = (await serve()) + path;
      const posted = await fetch(url, { method: "POST" });
      expect([posted.status, posted.headers.get("allow"), await posted.json()]).toMatchObject([
        405,
        "GET, HEAD",
        { code: "method_not_allowed" },
      ]);
      const head = await fetch(url, { method: "HEAD", headers: { "x-request-id": "request-1" } });
      expect([head.status, head.headers.get("x-request-id"), await head.text()]).toEqual([
        200,
        "request-1",
        "",
      ]);
    },
  );

  it("leave other paths to others", async () => {
    const url = await serve();
    for (const path of ["/", "/docs/other.js", "/docs/../openapi.json/", "/openapi"])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  });

  it("are the same over http/2", async () => {
    const server = createHttp2Server((request, response) => void docs.handle(request, response));
    closers.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await http2Request(url, { ":path": "/docs" });
    expect([answer.status, answer.headers["x-request-id"]]).toEqual([200, "made-here"]);
  });
});

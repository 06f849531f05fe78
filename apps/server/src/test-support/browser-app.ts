/**
 * A web application as its developer would ship it: the clients from npm, bundled for browsers, served from an origin of
 * its own.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const entry = `
import { createLlmProxyClient, LlmProxyError } from "@llmproxy/sdk";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
globalThis.app = {
  ...{ createLlmProxyClient, LlmProxyError, OpenAI, Anthropic },
  ...{ pieces: [], leaving: new AbortController() },
};
`;

/** What scripts of the page find in the global `app`. */
export interface BrowserApp {
  readonly createLlmProxyClient: typeof import("@llmproxy/sdk").createLlmProxyClient;
  readonly LlmProxyError: typeof import("@llmproxy/sdk").LlmProxyError;
  readonly OpenAI: typeof import("openai").default;
  readonly Anthropic: typeof import("@anthropic-ai/sdk").default;
  /** What the script has read of a stream so far. */
  readonly pieces: string[];
  /** Ends what the script does. */
  readonly leaving: AbortController;
  /** Told to the page once it is loaded. */
  server: Readonly<Record<"url" | "apiKey" | "managementToken", string>>;
}

/** A served application. */
export interface ServedApp extends AsyncDisposable {
  /** Where it is; its page has the bundle. */
  readonly origin: string;
  /** The same page from an origin nobody allowed. */
  readonly strangerOrigin: string;
}

/** Bundles the application and serves it on a free port. */
export async function serveBrowserApp(): Promise<ServedApp> {
  const code = await bundle();
  const server = createServer((request, response) => {
    const isCode = request.url === "/app.js";
    response.setHeader("content-type", isCode ? "text/javascript" : "text/html; charset=utf-8");
    response.end(
      isCode ? code : '<!doctype html><link rel="icon" href="data:,"><script src="app.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    strangerOrigin: `http://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}

async function bundle(): Promise<string> {
  const name = fileURLToPath(new URL("browser-app-entry.js", import.meta.url));
  const building = await rolldown({
    input: name,
    platform: "browser",
    resolve: { conditionNames: ["@llmproxy/source", "browser", "import", "default"] },
    plugins: [
      {
        name: "entry",
        load: (id) => (id === name ? entry : null),
        resolveId: (id) => (id === name ? id : null),
      },
    ],
  });
  try {
    const { output } = await building.generate({ format: "iife" });
    return output[0].code;
  } finally {
    await building.close();
  }
}

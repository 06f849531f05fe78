/**
 * The proxy in a Hono application.
 *
 * @module
 */

import { serve } from "@hono/node-server";
import { createLlmProxy } from "@llmproxy/core";
import { providersFrom } from "@llmproxy/example-providers";
import { Hono } from "hono";

const proxy = await createLlmProxy({ providers: providersFrom(process.env) });
const app = new Hono();

app.get("/", (context) => context.text("An application with models below /llm/v1"));

// Hono takes `/llm` off; everything below it is the proxy's, its 404 included.
app.mount("/llm", proxy.fetch);

const server = serve(
  { fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" },
  ({ port }) => process.stdout.write(`http://127.0.0.1:${port}/llm/v1\n`),
);

// Answers on their way are finished first.
process.once("SIGTERM", () => server.close(() => void proxy.close()));

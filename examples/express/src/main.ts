/**
 * The proxy as middleware of an Express application.
 *
 * @module
 */

import { createLlmProxy } from "@llmproxy/core";
import { providersFrom } from "@llmproxy/example-providers";
import express from "express";

const proxy = await createLlmProxy({ providers: providersFrom(process.env) });
const app = express();

app.get("/", (_request, response) => void response.send("An application with models below /llm/v1"));

// Express takes `/llm` off; what is no endpoint goes on to the routes below.
app.use("/llm", proxy.node);

// A parser in front reads the body first. That works too: what it has parsed is taken.
app.use("/parsed", express.json({ limit: "32mb" }), proxy.node);

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  process.stdout.write(`http://127.0.0.1:${port}/llm/v1\n`);
});

// Answers on their way are finished first.
process.once("SIGTERM", () => server.close(() => void proxy.close()));

/**
 * The proxy as a plugin of a Fastify application.
 *
 * @module
 */

import { createLlmProxy } from "@llmproxy/core";
import { providersFrom } from "@llmproxy/example-providers";
import { fastify } from "fastify";
import { llm } from "./llm.ts";

const proxy = await createLlmProxy({ providers: providersFrom(process.env), http: { basePath: "/llm" } });
const app = fastify();

app.get("/", () => "An application with models below /llm/v1");
app.register(llm, { prefix: "/llm", proxy });
app.addHook("onClose", () => proxy.close());

const url = await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" });
process.stdout.write(`${url}/llm/v1\n`);

// Answers on their way are finished first.
process.once("SIGTERM", () => void app.close());

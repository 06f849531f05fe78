/**
 * The proxy with stages of the application.
 *
 * @module
 */

import { createServer } from "node:http";
import { createLlmProxy } from "@llmproxy/core";
import { providersFrom } from "@llmproxy/example-providers";
import { limitCallers, redact, sendLongOnes } from "./stages.ts";

// Every repetition is bounded: a long text must not keep the process busy.
const emailAddress = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g;

const { SHORT_MODEL = "echo", LONG_MODEL = "echo" } = process.env;

const proxy = await createLlmProxy({
  providers: providersFrom(process.env),
  stages: {
    afterAdmit: [limitCallers(2)],
    aroundRoute: [redact(emailAddress, "(an address)"), sendLongOnes(SHORT_MODEL, LONG_MODEL, 8_000)],
  },
});

const server = createServer(proxy.node);
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  process.stdout.write(`http://127.0.0.1:${port}/v1\n`);
});

// Answers on their way are finished first.
process.once("SIGTERM", () => server.close(() => void proxy.close()));

/**
 * Models asked from inside the process: no HTTP, no port.
 *
 * @module
 */

import { createLlmProxy, ProxyError } from "@llmproxy/core";
import { providersFrom } from "@llmproxy/example-providers";

const proxy = await createLlmProxy({
  providers: providersFrom(process.env),
  defaultModel: process.env.MODEL ?? "echo",
});
const messages = [{ role: "user" as const, content: process.argv[2] ?? "Say hello to everybody" }];

// Part by part. Leaving the loop ends the call, also at the vendor.
for await (const part of proxy.stream({ messages })) {
  if (part.type === "text-delta") process.stdout.write(part.text);
  if (part.type === "finish") process.stdout.write(`\n(${part.reason})\n`);
}

// All at once, with a deadline.
try {
  const { choices, usage } = await proxy.complete({ messages, signal: AbortSignal.timeout(60_000) });
  process.stdout.write(`${choices[0]?.text}\n(${usage?.outputTokens} tokens)\n`);
} catch (reason) {
  // Whatever goes wrong is a ProxyError with a stable code.
  const { code, message } = ProxyError.from(reason);
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = 1;
}

await proxy.close();

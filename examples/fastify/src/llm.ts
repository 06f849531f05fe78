/**
 * The proxy as a Fastify plugin.
 *
 * @module
 */

import type { LlmProxy } from "@llmproxy/core";
import type { FastifyInstance } from "fastify";

/** What the plugin is registered with. */
export interface LlmOptions {
  /** Its `http.basePath` is the plugin's prefix: Fastify leaves the whole path in a request's URL. */
  readonly proxy: LlmProxy;
}

/**
 * Serves the LLM endpoints below the plugin's prefix. Fastify isolates plugins, so that what this one does to
 * parsers holds for its own routes alone.
 */
export async function llm(app: FastifyInstance, { proxy }: LlmOptions): Promise<void> {
  // The proxy reads bodies itself: bounded, and after it has asked who is calling.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.all("/*", (request, reply) => {
    let isOurs = true;
    proxy.node(request.raw, reply.raw, () => {
      isOurs = false;
    });
    if (isOurs) reply.hijack();
    else reply.callNotFound();
  });
}

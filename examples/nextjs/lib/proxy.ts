/**
 * The proxy of this application; all routes share one.
 *
 * @module
 */

import { createLlmProxy } from "@llmproxy/core";
import { providersFrom } from "@llmproxy/example-providers";

/** Next.js leaves the whole path in a request's URL. */
export const proxy = await createLlmProxy({
  providers: providersFrom(process.env),
  http: { basePath: "/api/llm" },
});

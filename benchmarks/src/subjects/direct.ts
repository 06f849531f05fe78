/**
 * Nothing in between: what the upstream and the load generator can do, and what others add to.
 *
 * @module
 */

import type { Destination } from "../load/load-job.ts";
import type { Subject, Way } from "./subject.ts";

/** The upstream itself. A translation adds to what the client's own format costs. */
export const direct: Subject = {
  name: "direct",
  title: "the upstream itself, nothing in between",
  start: async ({ upstreamPort }) => ({
    pid: undefined,
    startMs: undefined,
    destination: (way: Way): Destination => {
      const common = { port: upstreamPort, headers: {} };
      return way.startsWith("openai")
        ? { ...common, path: "/v1/chat/completions", format: "openai", model: "gpt-4o-mini" }
        : { ...common, path: "/v1/messages", format: "anthropic", model: "claude-haiku-4-5" };
    },
    truncateLog() {},
    stop: async () => {},
  }),
};

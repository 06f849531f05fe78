/**
 * The bare relay: what a proxy on Node can do at best.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { startServerSubject } from "./server-subject.ts";
import type { Subject } from "./subject.ts";

/** `node:http` → undici's dispatch, the request parsed, the usage of the answer read; no keys, no records, no limits. */
export const bare: Subject = {
  name: "bare",
  title: "a bare relay: node:http, undici dispatch, JSON parsed, nothing else",
  start: (lab) =>
    startServerSubject(lab, {
      name: "bare",
      command: (port) => [
        fileURLToPath(new URL("./bare-relay.ts", import.meta.url)),
        String(port),
        `http://127.0.0.1:${lab.upstreamPort}`,
      ],
      healthPath: "/health",
      destination: (way, port) => {
        const common = { port, headers: { authorization: "Bearer nobody-asks" } };
        if (way === "openai")
          return { ...common, path: "/v1/chat/completions", format: "openai", model: "gpt-4o-mini" };
        if (way === "anthropic")
          return { ...common, path: "/v1/messages", format: "anthropic", model: "claude-haiku-4-5" };
        return undefined;
      },
    }),
};

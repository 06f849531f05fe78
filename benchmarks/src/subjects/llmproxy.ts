/**
 * This project's server from a default start: the bundle, with keys, usage journal, metrics and access log as they are
 * when nothing is configured but where the models are.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Lab } from "../lab/lab.ts";
import type { ClientFormat, Destination } from "../load/load-job.ts";
import { startServerSubject } from "./server-subject.ts";
import type { RunningSubject, Subject, Way } from "./subject.ts";

const bundle = fileURLToPath(new URL("../../../apps/server/dist/main.cjs", import.meta.url));

/**
 * The server. Where it does not start with a provider of the kind `anthropic`, it is measured without one.
 *
 * @param main - its bundle; the one of this checkout when absent
 */
export function llmproxy(main = bundle): Subject {
  return {
    name: "llmproxy",
    title: "this project's server, default start",
    start: (lab) => start(lab, main, ["anthropic"]).catch(() => start(lab, main, [])),
  };
}

/** @param kinds - kinds of provider beside `openai-compatible` */
function start(lab: Lab, main: string, kinds: readonly string[]): Promise<RunningSubject> {
  return startServerSubject(lab, {
    name: "llmproxy",
    async command(port, directory) {
      await writeConfig(directory, lab.upstreamPort, kinds);
      return [main, "serve", "--port", String(port), "--data-dir", join(directory, "data")];
    },
    healthPath: "/health",
    destination,
  });
}

/** Writes the file the server finds in its working directory: where the models are, and nothing else. */
function writeConfig(directory: string, upstreamPort: number, kinds: readonly string[]): Promise<void> {
  const common = {
    base_url: `http://127.0.0.1:${upstreamPort}/v1`,
    allow_private: true,
    api_key: "upstream-key",
  };
  const providers = [
    { name: "openai", kind: "openai-compatible", ...common },
    ...kinds.map((kind) => ({ name: kind, kind, ...common })),
  ];
  return writeFile(join(directory, "llmproxy.json"), JSON.stringify({ providers }));
}

const ways: Readonly<Record<Way, { readonly format: ClientFormat; readonly model: string }>> = {
  openai: { format: "openai", model: "openai/gpt-4o-mini" },
  anthropic: { format: "anthropic", model: "anthropic/claude-haiku-4-5" },
  "openai-to-anthropic": { format: "openai", model: "anthropic/claude-haiku-4-5" },
  "anthropic-to-openai": { format: "anthropic", model: "openai/gpt-4o-mini" },
};

function destination(way: Way, port: number, directory: string): Destination {
  const { format, model } = ways[way];
  const bootstrap = JSON.parse(readFileSync(join(directory, "data/bootstrap.json"), "utf8"));
  const headers: Record<string, string> =
    format === "openai"
      ? { authorization: `Bearer ${bootstrap.api_key}` }
      : { "x-api-key": bootstrap.api_key };
  const path = format === "openai" ? "/v1/chat/completions" : "/v1/messages";
  return { port, path, headers, format, model };
}

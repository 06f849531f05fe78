/**
 * The peer: Portkey's gateway, the one other gateway that comes from npm.
 *
 * With the versions of `hono` and `@hono/node-server` that npm would choose today every streamed call answers 500, so
 * they are pinned to those of its own lockfile. It is installed beside the workspace, not into it.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClientFormat, Destination } from "../load/load-job.ts";
import { startServerSubject } from "./server-subject.ts";
import type { Subject, Way } from "./subject.ts";

const version = "1.15.2";
const folder = fileURLToPath(new URL(`../../peers/portkey-${version}`, import.meta.url));
const entry = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");

const manifest = {
  private: true,
  dependencies: { "@portkey-ai/gateway": version, hono: "4.9.7", "@hono/node-server": "1.13.5" },
  overrides: { hono: "$hono", "@hono/node-server": "$@hono/node-server" },
};

/**
 * Installs it on first use.
 *
 * @throws {Error} when npm cannot
 */
async function install(): Promise<void> {
  if (existsSync(entry)) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = spawn("npm", args, { cwd: folder, stdio: "ignore" });
  const [code] = await once(npm, "exit");
  if (code === 0 && existsSync(entry)) return;
  await rm(folder, { recursive: true, force: true });
  throw new Error(`npm could not install @portkey-ai/gateway ${version}`);
}

/** The gateway as `npx @portkey-ai/gateway` starts it, without its console. */
export const portkey: Subject = {
  name: "portkey",
  title: `Portkey gateway ${version} (hono 4.9.7, @hono/node-server 1.13.5)`,
  async start(lab) {
    await install();
    return startServerSubject(lab, {
      name: "portkey",
      command: (port) => [entry, "--headless", `--port=${port}`],
      healthPath: "/",
      destination: (way, port) => destination(way, port, lab.upstreamPort),
    });
  },
};

const ways: Readonly<Record<Way, { readonly format: ClientFormat; readonly provider: string }>> = {
  openai: { format: "openai", provider: "openai" },
  anthropic: { format: "anthropic", provider: "anthropic" },
  "openai-to-anthropic": { format: "openai", provider: "anthropic" },
  "anthropic-to-openai": { format: "anthropic", provider: "openai" },
};

function destination(way: Way, port: number, upstreamPort: number): Destination {
  const { format, provider } = ways[way];
  return {
    port,
    path: format === "openai" ? "/v1/chat/completions" : "/v1/messages",
    headers: {
      authorization: "Bearer upstream-key",
      "x-portkey-provider": provider,
      "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
    },
    format,
    model: provider === "openai" ? "gpt-4o-mini" : "claude-haiku-4-5",
  };
}

/**
 * Asks a server with the SDK as it is published: from its `dist`, on the Node it promises to support.
 *
 * @module
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { root } from "./repository.mjs";

const server = join(root, "apps/server/dist/main.cjs");
const longestStartMs = 20_000;

/** What a stranger does first, in each way there is; prints what it gets. */
const program = `
import { readFileSync } from "node:fs";
import { createLlmProxyClient, LlmProxyError } from "@llmproxy/sdk";

const [, , url, bootstrap] = process.argv;
const { api_key, management_token } = JSON.parse(readFileSync(bootstrap, "utf8"));
const said = [];
for (const options of [{}, { httpVersion: "1.1" }, { protocol: "grpc" }, { protocol: "grpc-web" }]) {
  const client = createLlmProxyClient({ baseUrls: ["http://127.0.0.1:9", url], token: () => api_key, ...options });
  said.push((await client.complete({ model: "echo", user: "Hello" })).text);
  for await (const text of client.streamText({ model: "echo", user: "you there" })) said.push(text);
  const failure = await client.complete({ model: "nothing", user: "x" }).catch((error) => error);
  said.push(LlmProxyError.is(failure) && failure.code);
  client.close();
}
const manager = createLlmProxyClient({ baseUrls: [url], token: management_token });
said.push(String((await manager.projects.listProjects({})).projects.length > 0));
console.log(said.join("|"));
`;

const once = ["Hello", "you", " there", "model_not_found"];
const expected = [...once, ...once, ...once, ...once, "true"].join("|");

/**
 * What is wrong with the SDK that is installed in a folder, on each of some Nodes.
 *
 * @param {{ app: string, nodes: string[] }} where - the folder with `node_modules`, and paths of Nodes
 * @returns {Promise<string[]>}
 */
export async function sdkComplaints({ app, nodes }) {
  if (!existsSync(server)) return [`${server} is missing: run the build first`];
  const work = mkdtempSync(join(tmpdir(), "llmproxy-sdk-"));
  const ready = join(work, "ready.json");
  const args = ["serve", "--port", "0", "--data-dir", join(work, "data"), "--ready-file", ready];
  const running = spawn(process.execPath, [server, ...args], { stdio: "ignore" });
  try {
    const url = await readyUrl(running, ready);
    if (!url) return ["the server did not start, so the SDK could not be tried"];
    const file = join(app, "ask.mjs");
    writeFileSync(file, program);
    return nodes.flatMap((node) => {
      const asking = spawnSync(node, [file, url, join(work, "data/bootstrap.json")], {
        encoding: "utf8",
        timeout: 30_000,
      });
      const output = `${asking.stdout}${asking.stderr}`.trim();
      return output === expected
        ? []
        : [`@llmproxy/sdk on ${node}: expected\n    ${expected}\n    not\n    ${output}`];
    });
  } finally {
    running.kill();
    rmSync(work, { recursive: true, force: true });
  }
}

async function readyUrl(running, file) {
  const end = performance.now() + longestStartMs;
  while (performance.now() < end && running.exitCode === null) {
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")).url;
    await wait(50);
  }
  return undefined;
}

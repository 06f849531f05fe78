/**
 * Waiting for a server to answer.
 *
 * @module
 */

import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import type { Child } from "./child.ts";

const timeoutMs = 30_000;
const intervalMs = 2;

/**
 * Asks until the answer is 200.
 *
 * @returns how long it took, in milliseconds
 * @throws {Error} when the process ends, or does not answer within half a minute
 */
export async function untilReady(child: Child, port: number, path: string): Promise<number> {
  const startedMs = performance.now();
  while (!(await answers(port, path))) {
    if (!child.isRunning) throw new Error("it ended while starting");
    if (performance.now() - startedMs > timeoutMs) throw new Error("it did not answer within 30 s");
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  return performance.now() - startedMs;
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ port, host: "127.0.0.1", path, agent: false }, (message) => {
      message.resume();
      resolve(message.statusCode === 200);
    });
    outgoing.on("error", () => resolve(false));
    outgoing.end();
  });
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

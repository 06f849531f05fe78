/**
 * A client that does not read.
 *
 * @module
 */

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

/** A client that has seen the head of a stream and no more. */
export interface SlowReader {
  /** Reads what there is, to its end or its cut. */
  readAll(): Promise<string>;
}

/** Asks for a stream and reads nothing of it. */
export async function openSlowReader(url: string, body: object): Promise<SlowReader> {
  const sent = request(url, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json" },
  });
  sent.end(JSON.stringify({ ...body, stream: true }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return {
    async readAll() {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response) chunks.push(chunk);
      } catch {
        // A cut: what came before it counts.
      }
      return Buffer.concat(chunks).toString();
    },
  };
}

const stillnessMs = 300;

/**
 * Watches a number until it has not changed for a while. It is in another process that it grows, so that only time
 * tells.
 *
 * @returns the number
 */
export async function settled(value: () => number): Promise<number> {
  let seen = value();
  let sinceMs = performance.now();
  while (performance.now() - sinceMs < stillnessMs || seen === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (value() === seen) continue;
    seen = value();
    sinceMs = performance.now();
  }
  return seen;
}

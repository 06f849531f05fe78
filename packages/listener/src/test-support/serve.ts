/**
 * Listeners for tests, closed when the test is over.
 *
 * @module
 */

import { once } from "node:events";
import {
  createMemoryLogger,
  createMemoryMeter,
  type MemoryLogger,
  type MemoryMeter,
} from "@llmproxy/testing";
import { onTestFinished } from "vitest";
import type { ListenerRequest } from "../handler.ts";
import { createListener, type Listener, type ListenerOptions } from "../listener.ts";
import { RawClient } from "./raw-client.ts";

/** A listener with everything a test looks at. */
export interface Serving {
  /** The listener. */
  readonly listener: Listener;
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** What it logged. */
  readonly logger: MemoryLogger;
  /** What it counted. */
  readonly meter: MemoryMeter;
  /** Requests that reached the handler, as `<method> <url>`. */
  readonly served: readonly string[];
  /** Opens a connection that is closed when the test is over. */
  connect(): Promise<RawClient>;
}

/** Starts a listener; its handler answers with the body it was sent unless another is given. */
export async function serve(options: Partial<ListenerOptions> = {}): Promise<Serving> {
  const logger = createMemoryLogger();
  const meter = createMemoryMeter();
  const served: string[] = [];
  const { handler = echo } = options;
  const listener = await createListener({
    host: "127.0.0.1",
    port: 0,
    logger,
    meter,
    ...options,
    handler: (request, response) => {
      served.push(`${request.method} ${request.url}`);
      return handler(request, response);
    },
  });
  onTestFinished(() => listener.close());
  const { port } = listener.address;
  return {
    listener,
    port,
    logger,
    meter,
    served,
    async connect() {
      const client = await RawClient.connect(port);
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** Answers with the body of the request. */
export const echo: ListenerOptions["handler"] = (request, response) => {
  readBody(request).then(
    (body) => {
      response.setHeader("content-length", body.length);
      response.end(body);
    },
    () => response.destroy(),
  );
};

/** Reads the whole body of a request. */
export async function readBody(request: ListenerRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(request, "end");
  return Buffer.concat(chunks);
}

/** A promise and what settles it. */
export function gate(): PromiseWithResolvers<void> {
  return Promise.withResolvers<void>();
}

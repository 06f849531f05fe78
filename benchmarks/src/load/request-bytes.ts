/**
 * Requests as they go over the wire.
 *
 * @module
 */

import { type Script, writeScript } from "../wire/script.ts";
import type { ClientFormat, Destination } from "./load-job.ts";

/** What a request is to say. */
export interface RequestOptions {
  readonly script: Script;
  readonly stream: boolean;
  /** The number of the call. */
  readonly call: number;
}

/** Writes a request, head and body. */
export function requestBytes(destination: Destination, options: RequestOptions): Buffer {
  const { port, path, format } = destination;
  const body = JSON.stringify(bodyOf(format, destination.model, options));
  const headers = {
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    ...(format === "anthropic" && { "anthropic-version": "2023-06-01" }),
    ...destination.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

function bodyOf(format: ClientFormat, model: string, { script, stream, call }: RequestOptions): object {
  const system = "You are a helpful assistant that answers briefly.";
  const user = { role: "user", content: writeScript(script, call) };
  const common = { model, max_tokens: 256, temperature: 0.7, stream };
  return format === "openai"
    ? { ...common, messages: [{ role: "system", content: system }, user] }
    : { ...common, system, messages: [user] };
}

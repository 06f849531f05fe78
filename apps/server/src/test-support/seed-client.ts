/**
 * A gRPC client as somebody else builds it: grpc-js, from the seed's own proto.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { temporaryDirectory } from "@llmproxy/testing";
import { seedProto } from "./seed-proto.ts";
import type { TestServer } from "./test-server.ts";

/** A message, by the names of its fields. */
export type Message = Record<string, unknown>;
/** A unary method as grpc-js makes it. */
export type Unary = (
  request: Message,
  metadata: Metadata,
  callback: (error: ServiceError | null, response: Message) => void,
) => unknown;

/** What is used of the client that grpc-js makes at run time. */
export interface SeedClient {
  Execute: Unary;
  GetServerInfo: Unary;
  StreamExecute(request: Message, metadata: Metadata): ClientReadableStream<Message>;
  close(): void;
}

/** A client built from the seed's own proto. */
export async function seedClient(server: Pick<TestServer, "url">): Promise<SeedClient & Disposable> {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "llm_proxy.proto");
  await writeFile(file, seedProto);
  const definition = loadSync(file, { keepCase: true, oneofs: true, longs: Number, defaults: true });
  const loaded = loadPackageDefinition(definition) as unknown as {
    vibectl: { llm_proxy: { VibectlLLMProxy: new (address: string, secure: unknown) => SeedClient } };
  };
  const client = new loaded.vibectl.llm_proxy.VibectlLLMProxy(
    new URL(server.url).host,
    credentials.createInsecure(),
  );
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

/** Calls a unary method. @throws the `ServiceError` of the call */
export function unary(call: Unary, request: Message, metadata: Metadata): Promise<Message> {
  return new Promise((resolve, reject) =>
    call(request, metadata, (error, response) => (error ? reject(error) : resolve(response))),
  );
}

/**
 * Asking a provider for its models, to see how far one gets: the name, the connection, TLS, the key.
 *
 * @module
 */

import { promises as dns } from "node:dns";
import type { ProviderConfig } from "@llmproxy/config";
import { createUpstreamClient, type Lookup, readJsonBody, type UpstreamResponse } from "@llmproxy/proxy-core";
import type { JsonObject } from "@llmproxy/spec";

/** A provider behind HTTP. */
export type RemoteProvider = Exclude<ProviderConfig, { readonly kind: "echo" }>;

/** What a provider answered. */
export interface ProbeAnswer {
  readonly status: number;
  /** Its models, as far as the first page tells; undefined when it answers with something else. */
  readonly models: readonly string[] | undefined;
  /** What it takes the time to be; undefined when it does not say. */
  readonly date: Date | undefined;
  /** The addresses its name led to; none for an address. */
  readonly addresses: readonly string[];
}

const timeouts = { connectMs: 5_000, firstByteMs: 10_000, idleMs: 5_000, totalMs: 15_000 };
const maxBytes = 4 * 1024 * 1024;

/**
 * Asks for `GET /models` as a call would be made: through the guarded connector, with the configured key.
 *
 * @throws `ProxyError` that says how far it came
 */
export async function probeProvider(provider: RemoteProvider): Promise<ProbeAnswer> {
  const addresses: string[] = [];
  const lookup: Lookup = async (name) => {
    const found = await dns.lookup(name, { all: true });
    addresses.push(...found.map(({ address }) => address));
    return found;
  };
  const { name, baseUrl, allowPrivate } = provider;
  const client = createUpstreamClient({ provider: name, baseUrl, allowPrivate, timeouts, lookup });
  try {
    const { signal } = new AbortController();
    const asked = { method: "GET", path: "/models", headers: headersOf(provider), body: [], signal } as const;
    const response = await client.request(asked);
    const { status, headers } = response;
    const date = new Date(headers.date ?? "");
    const models = status === 200 ? await modelsIn(response) : undefined;
    response.destroy();
    return { status, models, date: Number.isNaN(date.getTime()) ? undefined : date, addresses };
  } finally {
    client.close();
  }
}

/** The headers a call would have, which say who we are. */
function headersOf({ kind, apiKey, headers }: RemoteProvider): Readonly<Record<string, string>> {
  const configured = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value.reveal()] as const,
  );
  const key = apiKey?.reveal();
  return {
    accept: "application/json",
    "user-agent": "llmproxy",
    ...(kind === "anthropic" && { "anthropic-version": "2023-06-01" }),
    ...Object.fromEntries(configured),
    ...(key !== undefined &&
      (kind === "anthropic" ? { "x-api-key": key } : { authorization: `Bearer ${key}` })),
  };
}

async function modelsIn(response: UpstreamResponse): Promise<readonly string[] | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for (let chunk = await response.read(); chunk; chunk = await response.read()) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return idsIn(readJsonBody(Buffer.concat(chunks), { dialect: "openai-chat" }).json);
  } catch {
    // Whatever it is, it is no list.
    return undefined;
  }
}

function idsIn({ data }: JsonObject): readonly string[] | undefined {
  if (!Array.isArray(data)) return undefined;
  return data.flatMap((entry) =>
    typeof entry === "object" && entry !== null && "id" in entry && typeof entry.id === "string"
      ? [entry.id]
      : [],
  );
}

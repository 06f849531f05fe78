/**
 * `providers`: who answers.
 *
 * @module
 */

import { Secret } from "@llmproxy/spec";
import {
  array,
  discriminatedUnion,
  enum as enumeration,
  literal,
  nullable,
  optional,
  type output,
  prefault,
  record,
  strictObject,
  string,
  _default as withDefault,
} from "zod/mini";
import { normalizeBaseUrl } from "../rules/base-url.ts";
import { isMap, valueAt } from "../tree.ts";
import { durationMs } from "../units.ts";
import {
  aList,
  alternatives,
  aMap,
  decimal,
  duration,
  expected,
  flag,
  maskedText,
  secretText,
  text,
  unseenText,
  variableName,
  wholeNumber,
} from "./fields.ts";

/** How long each phase of a call to a provider may take. */
export interface ProviderTimeouts {
  /** To connect, in milliseconds. Default 5,000. */
  readonly connectMs: number;
  /** From the request to the first byte of the answer, in milliseconds. Default 120,000. */
  readonly firstByteMs: number;
  /** Between two chunks of a stream, in milliseconds. Default 60,000. */
  readonly idleMs: number;
  /** For the whole call, in milliseconds. Default 600,000. */
  readonly totalMs: number;
}

/** A provider behind HTTP. */
export interface HttpProviderConfig {
  /** The name models and routes refer to; unique, without slash. */
  readonly name: string;
  /** Where it is: scheme, host and path including the version, without a slash at the end. */
  readonly baseUrl: string;
  /** The key sent with each request; absent when the provider needs none. */
  readonly apiKey: Secret | undefined;
  /** Whether cleartext and private addresses are allowed. Default false. */
  readonly allowPrivate: boolean;
  /** Headers added to each request; values may be credentials. Default none. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** How long each phase of a call may take. */
  readonly timeouts: ProviderTimeouts;
}

/** A provider that speaks OpenAI's format; its key is sent as bearer token. */
export interface OpenAiProviderConfig extends HttpProviderConfig {
  /** `openai` itself, or anything that speaks like it. */
  readonly kind: "openai" | "openai-compatible";
}

/** A provider that speaks Anthropic's format; its key is sent as `x-api-key`. */
export interface AnthropicProviderConfig extends HttpProviderConfig {
  /** What kind it is. */
  readonly kind: "anthropic";
}

/** The provider inside the server that answers with the last user message. */
export interface EchoProviderConfig {
  /** The name models and routes refer to; unique, without slash. */
  readonly name: string;
  /** What kind it is. */
  readonly kind: "echo";
  /** How long it waits before the first output, in milliseconds. Default 0. */
  readonly delayMs: number;
  /** How long it waits before each further chunk of a stream, in milliseconds. Default 0. */
  readonly chunkDelayMs: number;
  /** How many tokens to answer with; absent to answer with the message as it is. */
  readonly tokens: number | undefined;
}

/** Somebody who answers. */
export type ProviderConfig = OpenAiProviderConfig | AnthropicProviderConfig | EchoProviderConfig;

/** Kinds that later versions build; this one refuses them. */
const unbuiltKinds = [
  "google",
  "azure-openai",
  "vertex",
  "bedrock",
  "mistral",
  "groq",
  "deepseek",
  "xai",
  "cohere",
  "together",
  "fireworks",
  "openrouter",
  "perplexity",
  "cerebras",
  "ollama",
  "vllm",
  "engine",
] as const;

/** The kinds this version has. */
export const builtKinds = ["openai", "anthropic", "openai-compatible", "echo"] as const;

/** The model name is `<provider>/<rest>`, split at the first slash: a provider's name has none. */
const name = () => text("a name of letters, digits, `.`, `_` and `-`", /^[A-Za-z0-9][\w.-]{0,63}$/);

const waitMs = () => withDefault(wholeNumber(0, 600_000), 0);

const apiKey = {
  api_key: optional(secretText),
  api_key_file: optional(text("the path of a file")),
  api_key_env: optional(variableName()),
};

const baseUrl = () =>
  unseenText(
    "the base URL including the version path, such as http://127.0.0.1:8000/v1",
    /^https?:\/\/./,
    Boolean,
  );

const timeoutSchema = strictObject(
  {
    connect: withDefault(duration("1ms"), "5s"),
    first_byte: withDefault(duration("1ms"), "120s"),
    idle: withDefault(duration("1ms"), "60s"),
    total: withDefault(duration("1ms"), "10m"),
  },
  aMap,
);

const upstreamShape = {
  name: name(),
  ...apiKey,
  api_keys: optional(
    array(strictObject({ ...apiKey, weight: withDefault(decimal(0.001, 1_000), 1) }, aMap), aList),
  ),
  allow_private: withDefault(flag(), false),
  headers: withDefault(record(string(), maskedText, aMap), {}),
  timeout: prefault(timeoutSchema, {}),
  max_concurrent: withDefault(nullable(wholeNumber(1, 1_000_000)), null),
};

const providerSchema = discriminatedUnion(
  "kind",
  [
    strictObject(
      {
        ...upstreamShape,
        kind: literal("openai"),
        base_url: withDefault(baseUrl(), "https://api.openai.com/v1"),
      },
      aMap,
    ),
    strictObject(
      {
        ...upstreamShape,
        kind: literal("anthropic"),
        base_url: withDefault(baseUrl(), "https://api.anthropic.com/v1"),
      },
      aMap,
    ),
    strictObject({ ...upstreamShape, kind: literal("openai-compatible"), base_url: baseUrl() }, aMap),
    strictObject(
      {
        name: name(),
        kind: literal("echo"),
        delay_ms: waitMs(),
        chunk_delay_ms: waitMs(),
        tokens: withDefault(nullable(wholeNumber(1, 100_000)), null),
      },
      aMap,
    ),
    strictObject({ ...upstreamShape, kind: enumeration(unbuiltKinds), base_url: optional(baseUrl()) }, aMap),
  ],
  { error: ({ input }) => describeMisfit(input) },
);

/** The schema of `providers`. The `echo` provider is there unless providers are configured without it. */
export const providersSchema = prefault(array(providerSchema, aList), [{ name: "echo", kind: "echo" }]);

/** A validated entry of `providers`. */
type ProviderInput = output<typeof providerSchema>;

/** An entry of a kind that is behind HTTP. */
type HttpInput = Extract<
  ProviderInput,
  { kind: OpenAiProviderConfig["kind"] | AnthropicProviderConfig["kind"] }
>;

/** Makes an entry of the section; one whose kind this version lacks has been refused before. */
export function providerConfig(input: ProviderInput, apiKey: Secret | undefined): ProviderConfig {
  switch (input.kind) {
    case "echo":
      return {
        name: input.name,
        kind: "echo",
        delayMs: input.delay_ms,
        chunkDelayMs: input.chunk_delay_ms,
        tokens: input.tokens ?? undefined,
      };
    case "anthropic":
      return { kind: input.kind, ...httpProviderConfig(input, apiKey) };
    case "openai":
    case "openai-compatible":
      return { kind: input.kind, ...httpProviderConfig(input, apiKey) };
    default:
      throw new TypeError(`provider kind ${input.kind} is not supported`);
  }
}

function httpProviderConfig(input: HttpInput, apiKey: Secret | undefined): HttpProviderConfig {
  return {
    name: input.name,
    baseUrl: normalizeBaseUrl(input.base_url),
    apiKey,
    allowPrivate: input.allow_private,
    headers: Object.fromEntries(
      Object.entries(input.headers).map(([header, value]) => [header, new Secret(value)]),
    ),
    timeouts: {
      connectMs: durationMs(input.timeout.connect),
      firstByteMs: durationMs(input.timeout.first_byte),
      idleMs: durationMs(input.timeout.idle),
      totalMs: durationMs(input.timeout.total),
    },
  };
}

function describeMisfit(input: unknown): string {
  if (!isMap(input)) return aMap.error({ input });
  return expected(alternatives(builtKinds)).error({ input: valueAt(input, "kind") });
}

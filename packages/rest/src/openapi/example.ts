/**
 * Examples of messages: every field has a value, of its type and as far as its name tells of its kind.
 *
 * @module
 */

import type { DescEnum, DescField, DescMessage, ScalarType } from "@bufbuild/protobuf";
import { ScalarType as Scalar } from "@bufbuild/protobuf";
import type { JsonValue } from "@llmproxy/spec";
import { type ValueType, valueTypeOf } from "../json/value-type.ts";
import { isWrapper } from "../json/well-known.ts";

/** Messages within messages beyond this are left out. */
const maxDepth = 5;

const model = "gpt-4o-mini";

/** Values of texts by the name of their field. */
const texts: Readonly<Record<string, string>> = {
  id: "abcdefghijkl",
  project_id: "default",
  name: "laptop",
  secret: "sk-llp-v1-abcdefghijkl",
  page_token: "",
  next_page_token: "",
  model,
  model_name: model,
  model_id: model,
  default_model: model,
  actual_model_used: model,
  display_name: "GPT-4o mini",
  provider: "openai",
  aliases: "fast",
  allowed_models: "gpt-4o*",
  server_name: "llmproxy",
  server_version: "1.0.0",
  request_id: "request-0001",
  system_fragments: "Answer in one sentence.",
  user_fragments: "What is a proxy?",
  response_text: "A proxy passes requests on for somebody else.",
  text: "A proxy passes requests on for somebody else.",
  text_chunk: "A proxy ",
  response_model_schema: '{"type":"object"}',
  error_code: "EXECUTION_FAILED",
  error_message: "the provider failed",
  error_details: "the model is overloaded",
  path: "default_model",
  file: "llmproxy.yaml",
  source: "file",
  update_mask: "name",
  metadata: "search",
  model_aliases: model,
  arguments: "{}",
  url: "https://example.com/picture.png",
  mime_type: "image/png",
  media_type: "image/png",
  roles: "auditor",
  subject: "somebody",
};

/** Names in maps, by the name of their field. */
const keys: Readonly<Record<string, string>> = { metadata: "team", model_aliases: "fast" };

const numbers: Readonly<Record<string, number>> = {
  page_size: 50,
  duration_ms: 1234,
  input_tokens: 12,
  output_tokens: 9,
  total_tokens: 21,
  cost_usd: 0.0001,
  retry_count: 0,
  timestamp: 1_769_860_800,
  index: 0,
  choice: 0,
  max_context_length: 128_000,
  max_requests_per_minute: 600,
  max_concurrent_requests: 50,
  max_input_length: 100_000,
  request_timeout_seconds: 120,
};

const wellKnown: Readonly<Record<string, JsonValue>> = {
  "google.protobuf.Timestamp": "2026-01-31T12:00:00Z",
  "google.protobuf.Duration": "3600s",
  "google.protobuf.FieldMask": "name",
  "google.protobuf.Struct": { key: "value" },
  "google.protobuf.ListValue": ["value"],
  "google.protobuf.Value": "fast",
};

/** Messages of which only some combinations of fields mean something. */
const wholes: Readonly<Record<string, JsonValue>> = {
  "llmproxy.v1.Chat": {
    model,
    messages: [{ role: "CHAT_ROLE_USER", content: [{ text: "What is a proxy?" }] }],
    max_output_tokens: 256,
  },
  "llmproxy.v1.ExecuteRequest": {
    system_fragments: ["Answer in one sentence."],
    user_fragments: ["What is a proxy?"],
    model_name: model,
  },
};

/** An example of a message, without some of its fields. */
export function messageExample(
  schema: DescMessage,
  without: ReadonlySet<DescField> = new Set(),
  depth = 0,
): JsonValue {
  const whole = { ...wellKnown, ...wholes }[schema.typeName];
  if (whole !== undefined) return whole;
  const [only] = schema.fields;
  if (only && isWrapper(schema)) return fieldExample(only, depth);
  const shown = schema.fields.filter((field) => !without.has(field) && isShown(field, depth));
  return Object.fromEntries(shown.map((field) => [field.name, fieldExample(field, depth)]));
}

/** An example of a field's value. */
export function fieldExample(field: DescField, depth = 0): JsonValue {
  const value = valueExample(field, valueTypeOf(field), depth);
  if (field.fieldKind === "list") return [value];
  return field.fieldKind === "map"
    ? { [field.mapKey === Scalar.STRING ? (keys[field.name] ?? "key") : "1"]: value }
    : value;
}

/** Of a oneof the first is shown; of messages within themselves only a few. */
function isShown({ oneof, message, name }: DescField, depth: number): boolean {
  if (oneof && oneof.fields[0]?.name !== name) return false;
  return message === undefined || depth < maxDepth;
}

function valueExample(field: DescField, type: ValueType, depth: number): JsonValue {
  if (type.kind === "message") return messageExample(type.message, new Set(), depth + 1);
  return type.kind === "enum" ? enumExample(type.enum) : scalarExample(field.name, type.scalar);
}

/** The first of an enum's values usually means that nothing was said. */
function enumExample({ values }: DescEnum): JsonValue {
  return (values[1] ?? values[0])?.name ?? 0;
}

function scalarExample(name: string, type: ScalarType): JsonValue {
  if (type === Scalar.STRING) return texts[name] ?? name.replaceAll("_", " ");
  if (type === Scalar.BYTES) return "aGVsbG8=";
  return type === Scalar.BOOL ? true : (numbers[name] ?? 1);
}

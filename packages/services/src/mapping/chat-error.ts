/**
 * Failures of a chat request, with the field as it stands in the message the request was made from.
 *
 * @module
 */

import { type ChatRequest, type Content, ProxyError } from "@llmproxy/spec";

/** What of a chat request the core and the dialects name; everything else is not of the message. */
const named =
  /^(?:model|messages|tools|tool_?[cC]hoice|parallelToolCalls|sampling|maxOutputTokens|response_?[fF]ormat|reasoningEffort|user|extra)(?=$|[.[])/;

/** The failure as a client of `ChatService` knows the field: `model` is `chat.model` in its message. */
export function chatError(error: ProxyError, request: ChatRequest): ProxyError {
  const { code, message, field, reason, retryAfterMs, vendor, cause } = error;
  if (field === undefined || !named.test(field)) return error;
  const place = `chat.${locate(request, field)}`;
  return new ProxyError(
    code,
    message.startsWith(`${field}:`) ? place + message.slice(field.length) : message,
    {
      field: place,
      ...(reason !== undefined && { reason }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(vendor && { vendor }),
      ...(cause !== undefined && { cause }),
    },
  );
}

/** The path in the proto's spelling of a path in the shared vocabulary. */
function locate(request: ChatRequest, field: string): string {
  const [head = "", index] = /^messages\[(\d+)\]/.exec(field) ?? [];
  const message = request.messages[Number(index)];
  if (index === undefined || !message) return spell(field);
  return head + locateContent(message.content, field.slice(head.length));
}

/** Pieces of content have their members one level deeper: each kind is a message of its own. */
function locateContent(content: readonly Content[], path: string): string {
  const [head = "", index] = /^\.content\[(\d+)\]/.exec(path) ?? [];
  const item = content[Number(index)];
  if (index === undefined || !item) return spell(path);
  const inner = path.slice(head.length);
  if (inner === "" || inner.startsWith(".extra")) return head + spell(inner);
  const kind = `${head}.${item.type.replace("-", "_")}`;
  return kind + (item.type === "tool-result" ? locateContent(item.content, inner) : spell(inner));
}

/** Names in snake case; what stands in an extension keeps its vendor's spelling. */
function spell(path: string): string {
  const [, ours = path, dialect, theirs = ""] = /^(.*?)extra\.([\w-]+)(.*)$/s.exec(path) ?? [];
  const spelled = ours.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return dialect === undefined ? spelled : `${spelled}extensions[${JSON.stringify(dialect)}]${theirs}`;
}

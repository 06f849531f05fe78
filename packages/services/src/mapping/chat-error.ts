/**
 * Failures of a chat request, in the words of the message it was made from.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/** What of a chat request the core and the dialects name that is a field of `Chat` under the same name. */
const fields = /^(?:model|messages|tools|tool_choice|response_format)(?![\w-])/;

/**
 * The failure as a client of `ChatService` knows the field: `model` is `chat.model` in its message. Failures of
 * anything else are the same.
 */
export function chatError(error: ProxyError): ProxyError {
  const { code, message, field, reason, retryAfterMs, vendor, cause } = error;
  if (field === undefined || !fields.test(field)) return error;
  return new ProxyError(code, message.startsWith(`${field}:`) ? `chat.${message}` : message, {
    field: `chat.${field}`,
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(vendor && { vendor }),
    ...(cause !== undefined && { cause }),
  });
}

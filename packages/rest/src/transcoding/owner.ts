/**
 * Fields of messages within messages.
 *
 * @module
 */

import type { DescField } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { FieldChain } from "./binding.ts";

/** The message that holds the last field of a chain; the messages on the way are made where they are not there. */
export function ownerOf(
  message: ReflectMessage,
  chain: FieldChain,
): { readonly owner: ReflectMessage; readonly field: DescField } {
  const [field, next, ...rest] = chain;
  if (!next || field.fieldKind !== "message") return { owner: message, field };
  const inner = message.get(field);
  if (!message.isSet(field)) message.set(field, inner);
  return ownerOf(inner, [next, ...rest]);
}

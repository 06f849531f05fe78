/**
 * `KeyService`: messages to operations and back.
 *
 * @module
 */

import { KeyService } from "@llmproxy/proto";
import { createKeyInput, keyMessage, updateKeyInput } from "../mapping/key.ts";
import { operation, type Rpc, unary } from "../rpc.ts";
import type { KeyOperations } from "../services-core.ts";

const { createKey, getKey, listKeys, revokeKey, updateKey } = KeyService.method;

/** The RPCs of `KeyService`. */
export function keyRpcs(keys: KeyOperations): readonly Rpc[] {
  return [
    unary(operation, createKey, async (message, { principal, signal }) => {
      const { record, key } = await keys.create(principal, createKeyInput(message), signal);
      return { key: keyMessage(record), secret: key.reveal() };
    }),
    unary(operation, getKey, async ({ id }, { principal, signal }) => ({
      key: keyMessage(await keys.get(principal, { id }, signal)),
    })),
    unary(operation, listKeys, async ({ projectId, pageSize, pageToken }, { principal, signal }) => {
      const filter = projectId === "" ? {} : { projectId };
      const page = await keys.list(principal, { ...filter, pageSize, pageToken }, signal);
      return { keys: page.items.map(keyMessage), nextPageToken: page.nextPageToken ?? "" };
    }),
    unary(operation, updateKey, async (message, { principal, signal }) => ({
      key: keyMessage(await keys.update(principal, updateKeyInput(message), signal)),
    })),
    unary(operation, revokeKey, async ({ id }, { principal, signal }) => ({
      key: keyMessage(await keys.revoke(principal, { id }, signal)),
    })),
  ];
}

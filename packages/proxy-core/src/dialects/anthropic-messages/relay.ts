/**
 * Requests that go on as they came, but for the model's name. Usage is in every answer; nobody has to ask for it.
 *
 * @module
 */

import type { WireBody } from "@llmproxy/spec";
import type { RelayOptions } from "../dialect.ts";
import { changedBody, modelChange } from "../relay-body.ts";

/** The original body as slices around what is replaced. */
export function relayRequest(body: WireBody, { model }: RelayOptions): readonly Uint8Array[] {
  return changedBody(body, modelChange(body, model));
}

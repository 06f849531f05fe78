/**
 * Anthropic's Messages API.
 *
 * @module
 */

import type { Dialect } from "../dialect.ts";
import { readError, writeError, writeErrorFrame } from "./error.ts";
import { dialectName } from "./extra.ts";
import { locate } from "./locate.ts";
import { createFrameObserver } from "./observer.ts";
import { relayRequest } from "./relay.ts";
import { isReply, observeReply, readReply, readReplyError, writeReply } from "./reply.ts";
import { readRequest, writeRequest } from "./request.ts";
import { createStreamReader, createStreamWriter } from "./stream.ts";
import { streamEnd } from "./stream-end.ts";
import { findUntranslatable } from "./untranslatable.ts";

/** The `anthropic-messages` dialect. */
export const anthropicMessages: Dialect = {
  name: dialectName,
  readRequest,
  writeRequest,
  findUntranslatable,
  locate,
  relayRequest,
  readReply,
  writeReply,
  streamEnd,
  createStreamReader,
  createStreamWriter,
  createFrameObserver,
  isReply,
  observeReply,
  readReplyError,
  readError,
  writeError,
  writeErrorFrame,
};

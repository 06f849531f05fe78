/**
 * Relaying an answer that comes at once.
 *
 * @module
 */

import { type FramesReply, type JsonObject, ProxyError, type ReplyEnd } from "@llmproxy/spec";
import type { Dialect } from "../dialects/dialect.ts";
import { readBody } from "../http/read-body.ts";
import type { UpstreamResponse } from "../http/upstream-response.ts";
import { defined } from "../json/value.ts";
import type { RelayReplyOptions } from "./relay.ts";
import { passedHeaders } from "./response-headers.ts";
import { readRetryAfter } from "./retry-after.ts";
import { scrubError } from "./scrub.ts";
import { createUnaryReply } from "./unary-reply.ts";
import { readObject } from "./vendor-failure.ts";

const mebibyte = 1_048_576;
const maxUnaryBytes = 64 * mebibyte;

/**
 * Reads the whole answer, at most 64 MiB, and passes its bytes on unchanged.
 *
 * @throws `upstream_failed` when it is not an answer of the dialect, too large, or an error in spite of
 *   its status
 * @throws what {@link UpstreamResponse.read} throws
 */
export async function relayUnary(
  response: UpstreamResponse,
  options: RelayReplyOptions,
): Promise<FramesReply> {
  const { provider, dialect } = options;
  const { bytes, isTruncated } = await readBody(response, maxUnaryBytes);
  if (isTruncated)
    throw new ProxyError("upstream_failed", `provider "${provider}" answered with more than 64 MiB`);
  const json = readObject(bytes);
  if (!json)
    throw new ProxyError("upstream_failed", `provider "${provider}" answered with what is not a JSON object`);
  const told = dialect.readReplyError(json);
  if (told) throw scrubError(told, options.scrub, readRetryAfter(response.headers, options.clock.now()));
  if (!dialect.isReply(json))
    throw new ProxyError("upstream_failed", `provider "${provider}" answered with what is no chat answer`);
  return createUnaryReply({
    status: response.status,
    headers: passedHeaders(response.headers),
    dialect: dialect.name,
    body: bytes,
    end: endOf(dialect, json),
  });
}

function endOf(dialect: Dialect, json: JsonObject): ReplyEnd {
  const { usage, finishReason } = dialect.observeReply(json);
  return defined({ outcome: "finished" as const, usage, finishReason });
}

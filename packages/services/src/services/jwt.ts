/**
 * `JwtService`: messages to operations and back.
 *
 * @module
 */

import { durationMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { JwtService } from "@llmproxy/proto";
import { operation, type Rpc, unary } from "../rpc.ts";
import type { JwtOperations } from "../services-core.ts";

const { issueJwt } = JwtService.method;

/** The RPCs of `JwtService`. */
export function jwtRpcs(jwts: JwtOperations): readonly Rpc[] {
  return [
    unary(operation, issueJwt, async ({ subject, roles, projectId, ttl }, { principal, signal }) => {
      const input = {
        subject,
        roles,
        ...(projectId !== "" && { projectId }),
        ...(ttl && { ttlMs: durationMs(ttl) }),
      };
      const { jwt, id, expiresAt } = await jwts.issue(principal, input, signal);
      return { jwt: jwt.reveal(), id, expiresAt: timestampFromDate(expiresAt) };
    }),
  ];
}

/**
 * Projects as messages.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ProjectSchema } from "@llmproxy/proto";
import type { ProjectRecord } from "@llmproxy/spec";

/** Writes a project. */
export function projectMessage(project: ProjectRecord): MessageInitShape<typeof ProjectSchema> {
  const { id, name, isActive, createdAt, updatedAt, deactivatedAt } = project;
  return {
    id,
    name,
    isActive,
    createdAt: timestampFromDate(createdAt),
    updatedAt: timestampFromDate(updatedAt),
    ...(deactivatedAt && { deactivatedAt: timestampFromDate(deactivatedAt) }),
  };
}

/**
 * Projects in a database.
 *
 * @module
 */

import type { ProjectPatch, ProjectRecord, ProjectStore } from "@llmproxy/spec";
import type { Insertable, Kysely, Selectable, Updateable } from "kysely";
import { listPage } from "../list-page.ts";
import { listScope, type Position } from "../page-token.ts";
import type { ProjectTable, StoreTables } from "../schema.ts";
import { idTaken, nameTaken } from "../store-errors.ts";
import type { ViolationReader } from "../violation.ts";

/** Keeps projects in `database`. */
export function createProjectRepository(
  database: Kysely<StoreTables>,
  violationOf: ViolationReader,
): ProjectStore {
  const get = async (id: string): Promise<ProjectRecord | undefined> => {
    const row = await database.selectFrom("project").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toProject(row);
  };
  const read = async (after: Position | undefined, limit: number): Promise<readonly ProjectRecord[]> => {
    let query = database.selectFrom("project").selectAll();
    if (after !== undefined)
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple("created_at", "id"), ">", tuple(after.at, after.id)),
      );
    const rows = await query.orderBy("created_at").orderBy("id").limit(limit).execute();
    return rows.map(toProject);
  };

  return {
    async insert(project) {
      try {
        await database.insertInto("project").values(toRow(project)).execute();
      } catch (error) {
        if (violationOf(error) !== "unique") throw error;
        throw (await get(project.id)) === undefined ? nameTaken() : idTaken("project");
      }
    },
    get,
    list: (page) =>
      listPage({
        scope: listScope("projects"),
        page,
        read,
        positionOf: ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
      }),
    async update(id, patch) {
      const query = database.updateTable("project").set(toChanges(patch)).where("id", "=", id).returningAll();
      try {
        const row = await query.executeTakeFirst();
        return row && toProject(row);
      } catch (error) {
        throw violationOf(error) === "unique" ? nameTaken() : error;
      }
    },
  };
}

function toRow(project: ProjectRecord): Insertable<ProjectTable> {
  return {
    id: project.id,
    name: project.name,
    is_active: Number(project.isActive),
    created_at: project.createdAt.getTime(),
    updated_at: project.updatedAt.getTime(),
    deactivated_at: project.deactivatedAt?.getTime() ?? null,
  };
}

function toProject(row: Selectable<ProjectTable>): ProjectRecord {
  return {
    id: row.id,
    name: row.name,
    isActive: row.is_active === 1,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    ...(row.deactivated_at !== null && { deactivatedAt: new Date(row.deactivated_at) }),
  };
}

function toChanges({ name, isActive, updatedAt }: ProjectPatch): Updateable<ProjectTable> {
  const moment = updatedAt.getTime();
  return {
    updated_at: moment,
    ...(name !== undefined && { name }),
    ...(isActive !== undefined && { is_active: Number(isActive), deactivated_at: isActive ? null : moment }),
  };
}

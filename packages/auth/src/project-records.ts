/**
 * Whether projects are active, for everybody who authenticates: known without I/O, changed within 10 s.
 *
 * @module
 */

import { type Clock, type EventBus, type Logger, type ProjectStore, ProxyError } from "@llmproxy/spec";
import { createRecordCache } from "./record-cache.ts";

/** What projects are checked with. */
export interface ProjectRecordsOptions {
  readonly projects: Pick<ProjectStore, "get">;
  /** Changes of projects on it take effect at once. */
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a project stays known while the store does not answer, in milliseconds; ≥ 10,000. */
  readonly maxStaleMs: number;
}

/** Projects at hand. */
export interface ProjectRecords {
  /**
   * Passes when the project is there and active; a promise only where the store has to be asked.
   *
   * @throws `project_inactive`, `unavailable` when it cannot be known, the signal's reason when `signal` aborts
   */
  requireActive(projectId: string, signal: AbortSignal): void | Promise<void>;
  /** Ends the subscription and every wait; afterwards every project is `unavailable`. */
  close(): void;
}

const maxProjects = 10_000;

/** Makes the records and subscribes them to the bus. */
export function createProjectRecords(options: ProjectRecordsOptions): ProjectRecords {
  const { bus, clock, logger, maxStaleMs } = options;
  const records = createRecordCache({
    what: "project",
    read: (id) => options.projects.get(id),
    maxRecords: maxProjects,
    maxStaleMs,
    clock,
    logger,
  });
  const unsubscribe = bus.subscribe((event) => {
    if (event.type === "project-changed") records.drop(event.projectId);
  });
  const check = (project: { readonly isActive: boolean } | undefined): void => {
    if (!project?.isActive)
      throw new ProxyError("project_inactive", "the project of these credentials is not active");
  };
  return {
    requireActive(projectId, signal) {
      const project = records.get(projectId, signal);
      return project instanceof Promise ? project.then(check) : check(project);
    },
    close() {
      unsubscribe();
      records.close();
    },
  };
}

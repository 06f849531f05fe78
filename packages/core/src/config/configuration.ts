/**
 * Operations on the configuration of the running server.
 *
 * @module
 */

import { ConfigError, type LiveConfig, type Setting } from "@llmproxy/config";
import { type Clock, type JsonValue, type Principal, ProxyError } from "@llmproxy/spec";

/** A setting in effect. */
export interface SettingView {
  /** Where it stands, e.g. `providers[0].name`. */
  readonly path: string;
  /** Its value; `[secret]` instead of a secret. */
  readonly value: JsonValue;
  /** `default`, `file`, `environment`, `flag` or `override`. */
  readonly source: string;
  /** Whether a change takes effect at once; else with the next start. */
  readonly live: boolean;
  /** The value that waits for a restart. */
  readonly pending?: JsonValue;
}

/** The configuration in effect. */
export interface ConfigurationView {
  readonly settings: readonly SettingView[];
  /** The configuration file; absent when there is none. */
  readonly file?: string;
  /** Why the file as it is now is not in effect; empty when it is. */
  readonly refused: readonly { readonly path: string; readonly message: string }[];
  /** When the configuration in effect was loaded. */
  readonly loadedAt: Date;
}

/** Operations on the configuration. */
export interface ConfigurationOperations {
  /**
   * @param input - `path`: a setting or a section; everything when empty
   * @throws `not_found` (field `path`) when nothing stands there
   */
  get(
    principal: Principal,
    input: { readonly path: string },
    signal: AbortSignal,
  ): Promise<ConfigurationView>;
  /** Overrides a setting until the server stops. @throws `invalid_request` naming what is wrong */
  setOverride(
    principal: Principal,
    input: { readonly path: string; readonly value: JsonValue },
    signal: AbortSignal,
  ): Promise<SettingView>;
  /** Ends an override; where there is none, nothing changes. @throws `invalid_request` when it cannot be done without */
  deleteOverride(principal: Principal, input: { readonly path: string }, signal: AbortSignal): Promise<void>;
}

/** The operations of a running server, which follow its configuration until they are closed. */
export interface OpenConfigurationOperations extends ConfigurationOperations {
  close(): void;
}

/** Makes the operations. */
export function createConfigurationOperations(live: LiveConfig, clock: Clock): OpenConfigurationOperations {
  let loadedAt = clock.now();
  const close = live.onChange(() => ({
    commit() {
      loadedAt = clock.now();
    },
  }));
  return {
    close,
    async get(principal, { path }) {
      checkScope(principal);
      const settings = live.settings().filter((setting) => isAt(setting, path));
      if (path !== "" && settings.length === 0)
        throw new ProxyError("not_found", `there is no setting ${JSON.stringify(path)}`, { field: "path" });
      const { file } = live.loaded();
      return {
        settings: settings.map(viewOf),
        ...(file !== undefined && { file }),
        refused: live.refused()?.violations ?? [],
        loadedAt: new Date(loadedAt),
      };
    },
    async setOverride(principal, { path, value }) {
      checkScope(principal);
      await explained(live.set(path, value));
      const setting = live.settings().find((each) => each.path === path);
      // A section is no setting of its own; what is told back is what is in effect, with its secrets hidden.
      const shown = valueAt(live.loaded().redacted(), path);
      return setting ? viewOf(setting) : { path, value: shown, source: "override", live: true };
    },
    async deleteOverride(principal, { path }) {
      checkScope(principal);
      const isOverridden = live.overrides().some((each) => isAt(each, path));
      if (isOverridden) await explained(live.unset(path));
    },
  };
}

/** The configuration is everybody's: who is confined to one project has no business with it. */
function checkScope({ projectId }: Principal): void {
  if (projectId === undefined) return;
  throw new ProxyError(
    "permission_denied",
    "the configuration is that of the whole server; your credentials are for one project",
  );
}

/** Whether a setting is the one at a path, or stands below it. */
function isAt(setting: Pick<Setting, "path">, path: string): boolean {
  if (path === "" || setting.path === path) return true;
  return setting.path.startsWith(`${path}.`) || setting.path.startsWith(`${path}[`);
}

/** The value at a path such as `providers[0].headers`; null where nothing stands. */
function valueAt(tree: JsonValue, path: string): JsonValue {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  let at: JsonValue | undefined = tree;
  for (const key of keys) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return null;
    at = Object.entries(at).find(([name]) => name === key)?.[1];
  }
  return at ?? null;
}

function viewOf({ path, value, source, mark, pending }: Setting): SettingView {
  return { path, value, source, live: mark === "live", ...(pending !== undefined && { pending }) };
}

async function explained<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (reason) {
    if (!(reason instanceof ConfigError)) throw reason;
    const [first] = reason.violations;
    throw new ProxyError("invalid_request", reason.message, { field: first?.path ?? "path" });
  }
}

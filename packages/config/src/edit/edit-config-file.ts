/**
 * Changes one setting in the configuration file: what `llmproxy config set` and `unset` do while no server runs.
 *
 * @module
 */

import { resolve } from "node:path";
import { settingPath } from "../live/override-input.ts";
import { type LoadConfigOptions, type LoadedConfig, loadConfig } from "../load.ts";
import { formatPath } from "../path.ts";
import {
  configFileName,
  formatOf,
  maxFileBytes,
  readConfigFile,
  unknownFormat,
} from "../sources/config-file.ts";
import { type ReadFile, readFailure, readSystemFile } from "../sources/read-file.ts";
import { readTree } from "../tree.ts";
import { ConfigError } from "../violation.ts";
import { editConfigText } from "./edit-config-text.ts";
import { saveFile } from "./save-file.ts";

/** What to change, and what the configuration is otherwise made of. */
export interface EditConfigFileOptions extends LoadConfigOptions {
  /** The setting, e.g. `server.port` or `providers[0].base_url`. */
  readonly path: string;
  /**
   * Its new value, as in the file; a map is merged key by key, null means not set. Absent: it is taken out of the
   * file, with the sections that leaves empty.
   */
  readonly value?: unknown;
}

/** What was written. */
export interface EditedConfigFile {
  /** The file. */
  readonly file: string;
  /** Whether it was not there before. */
  readonly isNew: boolean;
  /** Whether the file is another than before; false also when there was none, and nothing to take out of it. */
  readonly isChanged: boolean;
  /** The configuration with the file as it is now; a setting may still come from the environment or a flag. */
  readonly loaded: LoadedConfig;
}

/**
 * Writes one setting to the configuration file, or to a new `llmproxy.yaml`. The whole configuration is checked
 * before anything is written; then the file is replaced at once, with its mode and owner.
 *
 * @throws {ConfigError} when the configuration would not be valid, or the file cannot be changed or written
 */
export async function editConfigFile(options: EditConfigFileOptions): Promise<EditedConfigFile> {
  const path = settingPath(options.path);
  const { tree: value, findings } = readTree(options.value);
  if (findings.length > 0)
    throw new ConfigError(
      findings.map((each) => ({ path: formatPath([...path, ...each.path]), message: each.message })),
    );
  const readFile = options.readFile ?? readSystemFile;
  const file = await findFile(options, readFile);
  const format = formatOf(file);
  if (!format) throw new ConfigError([{ path: file, message: unknownFormat }]);
  const before = await readText(file, readFile);
  const setting = { format, path: formatPath(path), ...(value !== undefined && { value }) };
  const text = await editConfigText(before ?? "", setting);
  const loaded = await loadConfig({ ...options, file, readFile: withText(file, text, readFile) });
  const isChanged = text !== (before ?? "");
  if (isChanged) {
    // Checking takes time, in which somebody else may have written.
    if ((await readText(file, readFile)) !== before)
      throw new ConfigError([{ path: file, message: "has changed meanwhile, should be edited again" }]);
    await save(file, text);
  }
  return { file, isNew: isChanged && before === undefined, isChanged, loaded };
}

async function findFile(options: EditConfigFileOptions, readFile: ReadFile): Promise<string> {
  const { directory, file } = options;
  if (file !== undefined) return resolve(directory, file);
  const found = await readConfigFile({ file, directory, readFile });
  // Several files are none that could be meant; whatever else is wrong, the edit or the check will say.
  if (found.path !== undefined && !found.layer) throw new ConfigError(found.violations);
  return found.path ?? resolve(directory, configFileName);
}

async function readText(file: string, readFile: ReadFile): Promise<string | undefined> {
  try {
    const { bytes, isTruncated } = await readFile(file, maxFileBytes);
    if (isTruncated)
      throw new ConfigError([
        { path: file, message: `is too large, should be at most ${maxFileBytes} bytes` },
      ]);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    if (error instanceof ConfigError) throw error;
    const message = error instanceof TypeError ? "is not text, should be UTF-8" : readFailure(error);
    throw new ConfigError([{ path: file, message }]);
  }
}

/** Reads one file as it will be. */
function withText(file: string, text: string, readFile: ReadFile): ReadFile {
  const bytes = new TextEncoder().encode(text);
  return async (path, maxBytes) =>
    path === file
      ? { bytes: bytes.subarray(0, maxBytes), isTruncated: bytes.length > maxBytes, mode: undefined }
      : readFile(path, maxBytes);
}

async function save(file: string, text: string): Promise<void> {
  try {
    await saveFile(file, text);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new ConfigError([{ path: file, message: `cannot be written${code}` }]);
  }
}

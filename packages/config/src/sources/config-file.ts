/**
 * Finds and reads the configuration file.
 *
 * @module
 */

import { extname, resolve } from "node:path";
import { formatPath, type Path } from "../path.ts";
import { isMap, readTree } from "../tree.ts";
import type { Violation } from "../violation.ts";
import type { Layer } from "./layer.ts";
import type { ParsedText, ParseProblem } from "./parse-yaml.ts";
import { type FileContent, type ReadFile, readFailure } from "./read-file.ts";

/** The names looked for in the working directory. */
const fileNames = ["llmproxy.yaml", "llmproxy.yml", "llmproxy.json", "llmproxy.toml"];

/** The name of a file that is made anew. */
export const configFileName = "llmproxy.yaml";

/** More than any configuration needs. */
export const maxFileBytes = 1_048_576;

/** The formats of configuration files, by the ending of their names. */
export type ConfigFormat = ".yaml" | ".yml" | ".json" | ".toml";

type Parser = (text: string) => ParsedText;

/** Loaded when there is a file: most starts of a new server have none. */
const loadYaml = async (): Promise<Parser> => (await import("./parse-yaml.ts")).parseYaml;
const parsers: Readonly<Record<ConfigFormat, () => Promise<Parser>>> = {
  ".yaml": loadYaml,
  ".yml": loadYaml,
  ".json": async () => (await import("./parse-yaml.ts")).parseJson,
  ".toml": async () => (await import("./parse-toml.ts")).parseToml,
};

/** The format of a file by its name; undefined when it is none of ours. */
export function formatOf(path: string): ConfigFormat | undefined {
  const ending = extname(path).toLowerCase();
  return isFormat(ending) ? ending : undefined;
}

/** Loads the parser of a format. */
export function parserOf(format: ConfigFormat): Promise<Parser> {
  return parsers[format]();
}

/** What is wrong with a file whose format is unknown. */
export const unknownFormat = "has an unknown format, should end in .yaml, .yml, .json or .toml";

function isFormat(ending: string): ending is ConfigFormat {
  return Object.hasOwn(parsers, ending);
}

/** What the file says, and what is wrong with it. */
export interface FileReading {
  /** The file's path; undefined when there is none. */
  readonly path: string | undefined;
  /** The settings; undefined when there is no file or it could not be read at all. */
  readonly layer: Layer | undefined;
  /** What is wrong with the file as such. */
  readonly violations: readonly Violation[];
}

/** Where to look. */
export interface FileOptions {
  /** The file that was asked for; absent to look for one. */
  readonly file: string | undefined;
  /** What paths are relative to, and where to look. */
  readonly directory: string;
  /** How files are read. */
  readonly readFile: ReadFile;
}

/** Reads the file that was asked for, or the one in the directory, or none. */
export async function readConfigFile({ file, directory, readFile }: FileOptions): Promise<FileReading> {
  if (file !== undefined) return readGivenFile(resolve(directory, file), readFile);
  const found: FileReading[] = [];
  for (const name of fileNames) {
    const reading = await readExistingFile(resolve(directory, name), readFile);
    if (reading) found.push(reading);
  }
  const [first, ...others] = found;
  if (first === undefined) return { path: undefined, layer: undefined, violations: [] };
  if (others.length === 0) return first;
  const paths = found.map(({ path }) => path).join(" and ");
  return failed(first.path ?? directory, `is one of several: ${paths}; keep one or name it with --config`);
}

async function readGivenFile(path: string, readFile: ReadFile): Promise<FileReading> {
  const reading = await readExistingFile(path, readFile);
  return reading ?? failed(path, "does not exist, should be a configuration file");
}

async function readExistingFile(path: string, readFile: ReadFile): Promise<FileReading | undefined> {
  let content: FileContent;
  try {
    content = await readFile(path, maxFileBytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    return failed(path, readFailure(error));
  }
  return interpret(path, content);
}

async function interpret(path: string, { bytes, isTruncated }: FileContent): Promise<FileReading> {
  const format = formatOf(path);
  if (!format) return failed(path, unknownFormat);
  if (isTruncated) return failed(path, `is too large, should be at most ${maxFileBytes} bytes`);
  const text = decode(bytes);
  if (text === undefined) return failed(path, "is not text, should be UTF-8");
  const parse = await parserOf(format);
  return understand(path, parse(text));
}

function understand(path: string, { value, problems, lines }: ParsedText): FileReading {
  const lineOf = (at: Path): number | undefined => findLine(at, lines);
  const violations = problems.map((problem) => problemAt(path, problem));
  if (value === undefined) return { path, layer: undefined, violations };
  const { tree, findings } = readTree(value);
  if (!isMap(tree))
    return failed(path, "holds a list or a single value, should hold sections such as server:");
  const located = findings.map((each) => problemAt(path, { ...each, line: lineOf(each.path) }));
  return { path, layer: { source: "file", tree, lineOf }, violations: [...violations, ...located] };
}

function problemAt(file: string, { path, message, line }: ParseProblem): Violation {
  return {
    path: path === undefined || path.length === 0 ? file : formatPath(path),
    message,
    ...(line === undefined ? {} : { line }),
  };
}

function failed(path: string, message: string): FileReading {
  return { path, layer: undefined, violations: [{ path, message }] };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // The decoder throws for nothing but malformed bytes, which the caller reports.
    return undefined;
  }
}

/** The line of a setting, or of the nearest map or list that holds it. */
function findLine(path: Path, lines: ReadonlyMap<string, number>): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const line = lines.get(formatPath(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return undefined;
}

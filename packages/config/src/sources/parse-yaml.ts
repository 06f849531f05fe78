/**
 * YAML 1.2 and JSON, with the line of every key and without duplicate keys.
 *
 * Both are read from YAML's syntax tree: JSON is a subset of YAML 1.2, and `JSON.parse` knows neither lines nor
 * duplicates. Messages hold nothing of the text, which may contain secrets.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
} from "yaml";
import { formatPath, type Path } from "../path.ts";
import { maxDepth } from "../tree.ts";
import { jsonErrorPosition } from "./json-syntax.ts";

/** What is wrong with a text. */
export interface ParseProblem {
  /** What is wrong. */
  readonly message: string;
  /** The setting that is wrong; absent when it is the text as a whole. */
  readonly path?: Path;
  /** The line, counted from 1. */
  readonly line: number | undefined;
}

/** What a text holds. */
export interface ParsedText {
  /** The value; undefined when the text could not be read. */
  readonly value: unknown;
  /** What is wrong with it. */
  readonly problems: readonly ParseProblem[];
  /** The line of a path as `formatPath` writes it; empty where the format does not tell. */
  readonly lines: ReadonlyMap<string, number>;
}

/** The most values a text may hold once its aliases are followed; stops aliases that multiply each other. */
const maxValues = 50_000;

/** More problems than this are not worth listing. */
const maxProblems = 20;

/** Parses YAML 1.2. Of its tags only the core schema's are known; merge keys are ordinary keys. */
export function parseYaml(text: string): ParsedText {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
    version: "1.2",
  });
  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.length === 0) return new Reader(document.contents, lineCounter).read();
  const problems = mistakes.slice(0, maxProblems).map(({ message, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0]);
    return { message: `is not valid at line ${line}, column ${col}: ${message}`, line };
  });
  return { value: undefined, problems, lines: new Map() };
}

/** Parses JSON as RFC 8259 has it. */
export function parseJson(text: string): ParsedText {
  const position = jsonErrorPosition(text);
  if (position === undefined) return parseYaml(text);
  const before = text.slice(0, position).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  const message = `is not valid JSON at line ${line}, column ${column}`;
  return { value: undefined, problems: [{ message, line }], lines: new Map() };
}

/** Reads a syntax tree once. */
class Reader {
  readonly #contents: unknown;
  readonly #lineCounter: LineCounter;
  readonly #problems: ParseProblem[] = [];
  readonly #lines = new Map<string, number>();
  /** The nodes aliases may name so far: a name means the nearest anchor before it. */
  readonly #anchors = new Map<string, unknown>();
  #values = 0;
  #isInsideAlias = false;

  constructor(contents: unknown, lineCounter: LineCounter) {
    this.#contents = contents;
    this.#lineCounter = lineCounter;
  }

  read(): ParsedText {
    const value = this.#contents === null ? {} : this.#readNode(this.#contents, []);
    return { value, problems: this.#problems, lines: this.#lines };
  }

  #readNode(node: unknown, path: Path): JsonValue {
    this.#values += 1;
    if (this.#values > maxValues)
      return this.#refuse(node, [], `holds more than ${maxValues} values, aliases followed`);
    if (path.length > maxDepth)
      return this.#refuse(node, path, `is nested too deeply, should be at most ${maxDepth} levels deep`);
    if (isAlias(node)) return this.#readAlias(node, path);
    if (!isCollection(node) && !isScalar(node)) return null;
    if (node.anchor !== undefined && !this.#isInsideAlias) this.#anchors.set(node.anchor, node);
    if (isSeq(node)) return node.items.map((item, index) => this.#readItem(item, [...path, index]));
    return isMap(node) ? this.#readMap(node.items, path) : readScalar(node.value);
  }

  #readItem(item: unknown, path: Path): JsonValue {
    this.#note(item, path);
    return this.#readNode(item, path);
  }

  /** `Object.fromEntries` defines properties instead of assigning them: `__proto__` stays a key. */
  #readMap(pairs: readonly Pair<unknown, unknown>[], path: Path): JsonValue {
    const entries = new Map<string, JsonValue>();
    for (const { key, value } of pairs) {
      const name = isScalar(key) && typeof key.value === "string" ? key.value : "";
      const childPath = [...path, name];
      if (entries.has(name)) this.#refuse(key, childPath, "is given twice, should be given once");
      this.#note(key, childPath);
      entries.set(name, this.#readNode(value, childPath));
    }
    return Object.fromEntries(entries);
  }

  #readAlias(alias: Alias, path: Path): JsonValue {
    if (!this.#anchors.has(alias.source))
      return this.#refuse(alias, path, "is an alias without anchor, should name one that stands before it");
    const wasInside = this.#isInsideAlias;
    this.#isInsideAlias = true;
    const value = this.#readNode(this.#anchors.get(alias.source), path);
    this.#isInsideAlias = wasInside;
    return value;
  }

  #refuse(node: unknown, path: Path, message: string): null {
    if (this.#problems.length < maxProblems) this.#problems.push({ path, message, line: this.#lineOf(node) });
    return null;
  }

  #note(node: unknown, path: Path): void {
    const line = this.#lineOf(node);
    if (line !== undefined) this.#lines.set(formatPath(path), line);
  }

  #lineOf(node: unknown): number | undefined {
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? undefined : this.#lineCounter.linePos(start).line;
  }
}

function readScalar(value: unknown): JsonValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

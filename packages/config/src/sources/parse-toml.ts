/**
 * TOML 1.1. It tells lines only for texts it cannot parse.
 *
 * @module
 */

import { parse, TomlError } from "smol-toml";
import { maxDepth } from "../tree.ts";
import type { ParsedText } from "./parse-yaml.ts";

/** Parses TOML; duplicate keys are an error of the format. */
export function parseToml(text: string): ParsedText {
  try {
    return { value: parse(text, { maxDepth }), problems: [], lines: new Map() };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message is an excerpt of the file, which may hold secrets.
    const [summary = ""] = error.message.split("\n");
    const reason = summary.replace("Invalid TOML document: ", "");
    const message = `is not valid at line ${error.line}, column ${error.column}: ${reason}`;
    return { value: undefined, problems: [{ message, line: error.line }], lines: new Map() };
  }
}

/**
 * Checks the house rules.
 *
 * @module
 */

import { readFiles, report } from "./repository.mjs";
import { rules } from "./rules.mjs";

/**
 * Every violation, each as `<path>:<line>: <line's text>` and the reason of the rule.
 *
 * @param {{ path: string, text: string }[]} files
 */
export function ruleViolations(files) {
  return files.flatMap((file) =>
    rules
      .filter(({ where, except }) => where.test(file.path) && !except?.test(file.path))
      .flatMap((rule) => violationsOf(rule, file))
      .map(({ where, why }) => `${where}\n    ${why}`),
  );
}

function violationsOf({ pattern, missing, prose, why }, { path, text }) {
  if (missing) return pattern.test(text) ? [] : [{ where: `${path}:1`, why }];
  return text
    .split("\n")
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => (prose || !isComment(line, path)) && pattern.test(line))
    .map(({ line, number }) => ({ where: `${path}:${number}: ${line.trim().slice(0, 100)}`, why }));
}

function isComment(line, path) {
  return path.endsWith(".ts") && /^\s*(?:\/\*|\*|\/\/)/.test(line);
}

if (import.meta.main) {
  const files = readFiles(/^(?!pnpm-lock\.yaml$|packages\/testing\/fixtures\/)/);
  report(ruleViolations(files), `${rules.length} rules hold in ${files.length} files`);
}

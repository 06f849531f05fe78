/**
 * Everything that needs no running code, in one command. All steps run, so that one round shows all there is to mend.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { root } from "./repository.mjs";

const script = (name) => [process.execPath, `scripts/${name}.mjs`];

const steps = [
  {
    name: "format and lint",
    command: ["biome", "ci", "--error-on-warnings", "--diagnostic-level=warn", "--colors=off", "."],
  },
  { name: "types", command: ["tsc", "--build", "--pretty", "false"] },
  { name: "layers", command: script("check-layers") },
  { name: "rules", command: script("check-rules") },
  { name: "generated code", command: script("check-generated") },
  { name: "documentation", command: script("check-docs") },
];

const failed = steps.filter(({ name, command: [file, ...args] }) => {
  const startedMs = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: root, encoding: "utf8" });
  if (error) throw new Error(`cannot run ${file}; run this by \`pnpm check\``, { cause: error });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  const output = `${stdout}${stderr}`.trim();
  const shown = status === 0 ? output.split("\n").filter((line) => line.startsWith("skipped: ")) : [output];
  for (const text of shown) console.log(text.replace(/^/gm, "       "));
  return status !== 0;
});

if (failed.length > 0) {
  console.log(`\n${failed.length} of ${steps.length} failed: ${failed.map(({ name }) => name).join(", ")}`);
  process.exitCode = 1;
}

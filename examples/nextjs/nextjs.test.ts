import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describeHost } from "../testing/suite.ts";

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const next = "node_modules/next/dist/bin/next";

/** Runs a JavaScript file to its end. @returns its exit code and what it printed */
async function run(...args: readonly string[]) {
  const env = { PATH: process.env.PATH, NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, args, { cwd: path("."), env, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { code, output };
}

describeHost({
  example: "nextjs",
  async prepare() {
    // Next.js bundles packages as they are published: compiled. Whether types are right is told elsewhere.
    await run(path("../../node_modules/typescript/bin/tsc"), "--build", "../../packages/core");
    const { code, output } = await run(next, "build");
    if (code !== 0) throw new Error(`the application cannot be built: ${output}`);
  },
  args: [next, "start", "--hostname", "127.0.0.1", "--port", "0"],
  basePath: "/api/llm",
  passesOn: false,
});

/**
 * Whether anybody else can read what is secret. Files that the configuration names as secrets are checked where it is
 * loaded; here are those that hold secrets beside other things.
 *
 * @module
 */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LoadedConfig } from "@llmproxy/config";
import { type Check, type Checkup, fail, ok, warn } from "./checkup.ts";

/** What a server keeps to itself. The first three it refuses to read when others can. */
const secretNames = ["bootstrap.json", "peppers.json", "jwt-keys.pem"];
const privateName = /\.(db|db-wal|db-shm|log)$/;

/** The mode of every such file. */
export async function checkSecretFiles({ dataDirectory, loaded }: Checkup): Promise<readonly Check[]> {
  const names = await readdir(dataDirectory).catch(() => []);
  const own = names.filter((name) => secretNames.includes(name) || privateName.test(name));
  const open = await openOnes(own.map((name) => join(dataDirectory, name)));
  const problems = open.map((path) =>
    secretNames.some((name) => path.endsWith(name))
      ? fail("secret files", `${path} can be read by others, so a server refuses it`, `chmod 600 ${path}`)
      : warn("secret files", `${path} can be read by others`, `chmod 600 ${path}`),
  );
  const all = [...problems, ...(await configFileChecks(loaded))];
  return all.length > 0 ? all : [ok("secret files", "only their owner can read them")];
}

async function configFileChecks(loaded: LoadedConfig | undefined): Promise<readonly Check[]> {
  const file = loaded?.file;
  const secrets = loaded?.secretsInFile() ?? [];
  if (file === undefined || secrets.length === 0) return [];
  const [open] = await openOnes([file]);
  if (open === undefined) return [];
  return [
    warn(
      "secret files",
      `${file} can be read by others and holds secrets (${secrets.join(", ")})`,
      `chmod 600 ${file}, or give them as _file or _env`,
    ),
  ];
}

async function openOnes(paths: readonly string[]): Promise<readonly string[]> {
  const open = await Promise.all(
    paths.map(async (path) => {
      const mode = await stat(path).then(
        ({ mode }) => mode,
        () => 0,
      );
      return (mode & 0o077) === 0 ? [] : [path];
    }),
  );
  return open.flat();
}

/**
 * Bundles an app: `node scripts/bundle.mjs server`. Says nothing unless something is wrong; whoever starts a server
 * wants to read what the server says.
 *
 * @module
 */

import process from "node:process";
import { build } from "rolldown";
import { bundleOf } from "../rolldown.config.ts";

for (const app of process.argv.slice(2)) await build(bundleOf(app));

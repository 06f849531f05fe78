/**
 * The process of the upstream. Answers each message with what was given up since the last one.
 *
 * @module
 */

import process from "node:process";
import { startUpstream } from "./upstream.ts";

const upstream = await startUpstream();
process.on("message", () => process.send?.(upstream.takeAbandoned()));
process.on("disconnect", () => process.exit());
// Whoever presses Ctrl-C tells the whole group; the bench ends its processes itself.
process.on("SIGINT", () => {});
process.send?.({ port: upstream.port });

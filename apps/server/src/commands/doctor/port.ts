/**
 * Whether the server can listen where it should.
 *
 * @module
 */

import { createListener } from "@llmproxy/listener";
import { type Check, type Checkup, failedBy, ok } from "./checkup.ts";

/** Listens there for an instant, unless the running server does. */
export async function checkPort({ loaded, owner }: Checkup): Promise<readonly Check[]> {
  if (!loaded) return [];
  const { host, port } = loaded.config.server;
  if (port === 0) return [ok("port", "a free one is taken at each start")];
  if (owner?.url !== undefined && Number(URL.parse(owner.url)?.port) === port)
    return [ok("port", `${port} is the running server's`)];
  try {
    const listener = await createListener({ host, port, handler: (_request, response) => response.end() });
    await listener.close();
    return [ok("port", `${host}:${port} is free`)];
  } catch (reason) {
    return [failedBy("port", reason, "end what listens there, or choose another server.port")];
  }
}

/**
 * A port nobody listens on.
 *
 * @module
 */

import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Finds a free TCP port on 127.0.0.1. Another process may take it before it is used: prefer to listen on
 * port 0, and use this only where the number must be known beforehand, or where nobody is to listen.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the server has no TCP address");
  return address.port;
}

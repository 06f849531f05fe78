/**
 * Keeps the process from ending while somebody waits.
 *
 * @module
 */

import { MessageChannel } from "node:worker_threads";

/**
 * Holds the process alive. Needed where the only thing left to happen is a timer of a `Clock`, which does not: the
 * process would end in the middle of an `await`.
 *
 * @returns lets go
 */
export function keepAlive(): () => void {
  const { port1 } = new MessageChannel();
  port1.ref();
  return () => port1.close();
}

/**
 * Waiting in a command.
 *
 * @module
 */

/**
 * Waits for work whose own timers and connections let the process end: those of libraries are made for servers, which
 * something else keeps alive.
 */
export async function keepingAlive<T>(work: Promise<T>): Promise<T> {
  const { port1: alive } = new MessageChannel();
  alive.onmessage = () => {};
  try {
    return await work;
  } finally {
    alive.close();
  }
}

/**
 * Waiting for what no event tells.
 *
 * @module
 */

const longestWaitMs = 5_000;

/**
 * Asks again at each turn of the event loop until the answer is yes. Prefer an event where there is one.
 *
 * @throws Error when the answer is still no after 5 s of real time
 */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + longestWaitMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`still not so after ${longestWaitMs} ms: ${isTrue}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

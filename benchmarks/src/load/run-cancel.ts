/**
 * Carries out a {@link CancelJob}.
 *
 * @module
 */

import { monotonicUs } from "../clock.ts";
import { ClientConnection } from "./client-connection.ts";
import type { CancelJob, CancelResult } from "./load-job.ts";
import { requestBytes } from "./request-bytes.ts";

/**
 * Sends one request after the other and closes each connection within the answer.
 *
 * @throws {Error} when a request ends before it could be given up
 */
export async function runCancel(job: CancelJob): Promise<CancelResult> {
  const closedUs: number[] = [];
  for (let call = 1; call <= job.count; call += 1) closedUs.push(await cancelOne(job, call));
  return { closedUs };
}

function cancelOne(job: CancelJob, call: number): Promise<number> {
  const { destination, script, stream, afterChunks, afterMs } = job;
  return new Promise((resolve, reject) => {
    let chunks = 0;
    const leave = (): void => {
      const nowUs = monotonicUs();
      connection.close();
      resolve(nowUs);
    };
    const fail = (message: string): void => {
      connection.close();
      reject(new Error(message));
    };
    const connection = new ClientConnection(destination.port, {
      onMark() {
        chunks += 1;
        if (chunks === afterChunks) leave();
      },
      onEnd: (status) => fail(`an answer of status ${status} ended before it could be given up`),
      onFailure: fail,
    });
    connection.send(requestBytes(destination, { script, stream, call }));
    if (afterChunks === 0) setTimeout(leave, afterMs);
  });
}

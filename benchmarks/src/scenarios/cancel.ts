/**
 * The client leaves: how long until the upstream is let go of.
 *
 * @module
 */

import type { Lab } from "../lab/lab.ts";
import type { CancelJob } from "../load/load-job.ts";
import type { Abandoned } from "../mock/upstream.ts";
import { summarize } from "../statistics.ts";
import type { Metric, Trial } from "./trial.ts";

const requestsPerRound = 10;
/** Who has not let go of the upstream by then lets it run. */
const waitMs = 1_000;
const intervalMs = 20;

const metrics: readonly Metric[] = [
  { name: "until the upstream is let go of, p50", unit: "ms" },
  { name: "until the upstream is let go of, max", unit: "ms" },
];

type Manner = Pick<CancelJob, "script" | "stream" | "afterChunks" | "afterMs">;

/** In the middle of a stream, and while the upstream is still silent. */
export const cancelTrials: readonly Trial[] = [
  cancelTrial("in the middle of a stream", {
    script: { delayMs: 0, chunks: 500, burst: 1, paceMs: 10 },
    stream: true,
    afterChunks: 3,
    afterMs: 0,
  }),
  cancelTrial("before the answer", {
    script: { delayMs: 5_000, chunks: 1, burst: 1, paceMs: 0 },
    stream: false,
    afterChunks: 0,
    afterMs: 20,
  }),
];

function cancelTrial(title: string, manner: Manner): Trial {
  return {
    scenario: "cancel",
    title,
    metrics,
    async run({ running }, lab) {
      const destination = running.destination("openai");
      if (!destination) throw new Error("not offered");
      await lab.abandoned();
      const { closedUs } = await lab.cancel({ ...manner, destination, count: requestsPerRound });
      const abandoned = await waitForAbandoned(lab);
      if (abandoned.length < requestsPerRound)
        throw new Error(
          `${requestsPerRound - abandoned.length} of ${requestsPerRound} upstream requests were not let go of within ${waitMs / 1_000} s`,
        );
      const { p50, max } = summarize(
        abandoned.map(({ call, atUs }) => (atUs - (closedUs[call - 1] ?? Number.NaN)) / 1_000),
      );
      return { [metrics[0]?.name ?? ""]: p50, [metrics[1]?.name ?? ""]: max };
    },
  };
}

async function waitForAbandoned(lab: Lab): Promise<readonly Abandoned[]> {
  const abandoned: Abandoned[] = [];
  for (let waitedMs = 0; waitedMs < waitMs; waitedMs += intervalMs) {
    abandoned.push(...(await lab.abandoned()));
    if (abandoned.length >= requestsPerRound) break;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  return abandoned;
}

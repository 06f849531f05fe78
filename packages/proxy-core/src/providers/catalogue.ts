/**
 * What models a provider has, asked for in the background.
 *
 * @module
 */

import type { Clock, Logger, ModelInfo } from "@llmproxy/spec";

/** The models of a provider as known now. */
export interface Catalogue {
  /** Empty until the first answer; never does I/O. */
  models(): readonly ModelInfo[];
  /** Stops asking; resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** What a {@link startCatalogue} is made from. */
export interface CatalogueOptions {
  /** Asks the provider. Must not keep the process alive. */
  readonly load: (signal: AbortSignal) => Promise<readonly ModelInfo[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const refreshMs = 60 * 60 * 1_000;
const firstRetryMs = 30_000;

/**
 * Starts to keep a catalogue: asks at once and then every hour; after a failure again in 30 s, 60 s, … up to an
 * hour, with the last good answer kept.
 */
export function startCatalogue({ load, clock, logger }: CatalogueOptions): Catalogue {
  const closing = new AbortController();
  let models: readonly ModelInfo[] = [];

  const refresh = async (): Promise<boolean> => {
    try {
      models = await load(closing.signal);
      return true;
    } catch (error) {
      if (!closing.signal.aborted) logger.debug({ error }, "the provider's list of models is not available");
      return false;
    }
  };
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      failures = (await refresh()) ? 0 : failures + 1;
      await clock.sleep(waitMs(failures), closing.signal);
    }
  };
  // The sleep of a closed catalogue rejects: that is how the loop ends.
  const running = run().catch(() => {});

  return {
    models: () => models,
    close() {
      closing.abort();
      return running;
    },
  };
}

function waitMs(failures: number): number {
  return failures === 0 ? refreshMs : Math.min(refreshMs, firstRetryMs * 2 ** (failures - 1));
}

/**
 * The keys tokens are signed with: a file that is made at first use and followed from then on.
 *
 * To rotate, put a new key first and leave the old one behind it until its tokens have expired: both are published
 * and accepted meanwhile.
 *
 * @module
 */

import {
  exportSigningKeys,
  generateSigningKey,
  importSigningKeys,
  type SigningAlgorithm,
  type SigningKey,
} from "@llmproxy/auth";
import { type Clock, type Logger, Secret } from "@llmproxy/spec";
import { readSecretFile, writeSecretFile } from "./data/secret-file.ts";

/** Where keys are, and what they are for. */
export interface SigningKeyOptions {
  /** The file. */
  readonly path: string;
  /** What a key that is made here is for, and what the first key must be for. */
  readonly algorithm: SigningAlgorithm;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the keys are others. */
  readonly onChange: (keys: readonly SigningKey[]) => void;
}

/** The keys as they are now. */
export interface SigningKeys {
  /** The first one signs; empty as long as none has been made. */
  current(): readonly SigningKey[];
  /** The keys; makes the first one. @throws what cannot be read or written */
  ensure(): Promise<readonly SigningKey[]>;
  /** Stops following the file. */
  close(): void;
}

const followMs = 5000;

/**
 * Reads the keys of a file, if there is one, and follows it.
 *
 * @throws `invalid_request` (field `key_file`) for a file that holds no such keys, `permission_denied` for one that
 *   others may read
 */
export async function openSigningKeys(options: SigningKeyOptions): Promise<SigningKeys> {
  const { path, clock, logger } = options;
  let text = await readSecretFile(path);
  let keys = text === undefined ? [] : read(text, options);
  let making: Promise<readonly SigningKey[]> | undefined;
  let isClosed = false;
  /** What was wrong at the last look: the same mistake is told once. */
  let mistake: string | undefined;

  const take = (next: string): void => {
    keys = read(next, options);
    text = next;
    options.onChange(keys);
  };
  const make = async (): Promise<readonly SigningKey[]> => {
    const made = exportSigningKeys([await generateSigningKey(options.algorithm)]).reveal();
    await writeSecretFile(path, made);
    take(made);
    logger.info({ file: path }, "made a key to sign tokens with");
    return keys;
  };
  const follow = async (): Promise<void> => {
    try {
      const next = await readSecretFile(path);
      if (next !== undefined && next !== text && !isClosed) {
        take(next);
        logger.info({ file: path, keys: keys.length }, "the keys to sign tokens with have changed");
      }
      mistake = undefined;
    } catch (error) {
      if (mistake !== String(error))
        logger.error(
          { error, file: path },
          "the keys to sign tokens with cannot be read; the last ones stay",
        );
      mistake = String(error);
    }
    schedule();
  };
  let timer = { cancel(): void {} };
  const schedule = (): void => {
    if (!isClosed) timer = clock.schedule(followMs, () => void follow());
  };
  schedule();
  return {
    current: () => keys,
    ensure() {
      if (keys.length > 0) return Promise.resolve(keys);
      making ??= make().finally(() => {
        making = undefined;
      });
      return making;
    },
    close() {
      isClosed = true;
      timer.cancel();
    },
  };
}

function read(text: string, { algorithm }: SigningKeyOptions): readonly SigningKey[] {
  return importSigningKeys(new Secret(text), algorithm);
}

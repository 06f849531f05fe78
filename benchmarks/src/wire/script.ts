/**
 * What a request asks of the upstream: a line within the user's message, because that is what every proxy passes on.
 *
 * @module
 */

/** How the upstream is to answer. */
export interface Script {
  /** How long it thinks before the answer, or before the first chunk, in milliseconds. */
  readonly delayMs: number;
  /** How many pieces of text a streamed answer has. */
  readonly chunks: number;
  /** How many of them are sent in one write. */
  readonly burst: number;
  /** The time between two writes, in milliseconds; at 0 they follow each other as fast as the event loop turns. */
  readonly paceMs: number;
}

/** An answer at once, streamed ones in a hundred pieces, ten to a write. */
export const defaultScript: Script = { delayMs: 0, chunks: 100, burst: 10, paceMs: 0 };

const format = /script (\d+) (\d+) (\d+) (\d+) call (\d+)\./;

/** The user's message that carries a script and the number of the call. */
export function writeScript({ delayMs, chunks, burst, paceMs }: Script, call: number): string {
  return `Tell me in a few words what a proxy is. script ${delayMs} ${chunks} ${burst} ${paceMs} call ${call}.`;
}

/** Finds the script in a request body of any format; the default where there is none. */
export function readScript(body: string): { readonly script: Script; readonly call: number } {
  const match = format.exec(body);
  if (!match) return { script: defaultScript, call: 0 };
  const [delayMs = 0, chunks = 1, burst = 1, paceMs = 0, call = 0] = match.slice(1).map(Number);
  return { script: { delayMs, chunks, burst, paceMs }, call };
}

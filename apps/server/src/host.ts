/**
 * The process as the command line sees it, so that commands can be run without one.
 *
 * @module
 */

/** Where text goes; `process.stdout` is one. */
export interface TextSink {
  /** Takes a text and calls back when it wants more. */
  write(text: string, done?: (error?: Error | null) => void): unknown;
  /** Announces that nobody reads any more. */
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  /** Whether a person is likely to read it. */
  readonly isTTY?: boolean;
}

/** Where text comes from; `process.stdin` is one. */
export interface TextSource extends AsyncIterable<Uint8Array | string> {
  /** Whether a person types it. */
  readonly isTTY?: boolean;
}

/** The process a command runs in. */
export interface Host {
  /** Arguments after the command's own name. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly pid: number;
  /** The version of Node, e.g. `26.10.0`. */
  readonly nodeVersion: string;
  readonly stdin: TextSource;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Milliseconds since the process started. */
  uptimeMs(): number;
  /** How much memory the process may have, in bytes, where something limits it; 0 where nothing does. */
  memoryLimitBytes(): number;
  /**
   * Calls `listener` for each SIGINT or SIGTERM.
   *
   * @returns a function that ends this
   */
  onStop(listener: (signal: string) => void): () => void;
  /**
   * Calls `listener` for each SIGHUP.
   *
   * @returns a function that ends this
   */
  onReload(listener: () => void): () => void;
  /**
   * Calls `listener` for what nobody caught; the process then ends with 1 when nothing is left to do.
   *
   * @returns a function that ends this
   */
  onFailure(listener: (error: unknown) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): never;
}

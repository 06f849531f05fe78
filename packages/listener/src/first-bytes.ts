/**
 * Looks at the first bytes of a connection without taking them.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Clock } from "@llmproxy/spec";
import { detectProtocol, type Protocol } from "./protocol.ts";

/** How looking at a connection ended: with its protocol, or without one. */
export type FirstBytes = Protocol | "timeout" | "ended";

/** How to look. */
export interface FirstBytesOptions {
  /** Source of the deadline. */
  readonly clock: Clock;
  /** How long the client may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Told once how it ended. After a protocol all bytes are back in the socket, which is then unread. */
  readonly onResult: (result: FirstBytes) => void;
}

/** Waits until the protocol of a connection is clear. Holds back at most what arrives in one read. */
export function awaitFirstBytes(socket: Socket, options: FirstBytesOptions): void {
  let held: Buffer | undefined;

  const finish = (result: FirstBytes): void => {
    deadline.cancel();
    socket.off("readable", onReadable);
    socket.off("end", onEnd);
    socket.off("close", onEnd);
    options.onResult(result);
  };
  const onEnd = (): void => finish("ended");
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    held = held === undefined ? chunk : Buffer.concat([held, chunk]);
    const protocol = detectProtocol(held);
    if (protocol === undefined) return;
    socket.unshift(held);
    finish(protocol);
  };

  const deadline = options.clock.schedule(options.timeoutMs, () => finish("timeout"));
  socket.on("readable", onReadable);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
}

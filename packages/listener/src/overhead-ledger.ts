/**
 * Tells a session that works from one that only keeps us busy.
 *
 * Some HTTP/2 frames cost the sender nothing and are legal in any number: WINDOW_UPDATE, header blocks that
 * blow up when they are unpacked, headers without an end. What they have in common is bytes that are not the
 * body of a request. Real clients send few of those: some for each request, and acknowledgements of what we
 * send them. What exceeds that is a debt, and a session deep in debt is closed.
 *
 * @module
 */

import type { ListenerLimits } from "./limits.ts";

/** What a session did so far; totals since its start, except `openStreams`. */
export interface SessionTraffic {
  /** Bytes that came in. */
  readonly receivedBytes: number;
  /** Those of them that were request bodies, their frame headers included. */
  readonly bodyBytes: number;
  /** Bytes that went out. */
  readonly sentBytes: number;
  /** Streams that came to an end. */
  readonly closedStreams: number;
  /** Streams open now. */
  readonly openStreams: number;
}

// A client may answer each frame of ours, of 100 bytes say, with two WINDOW_UPDATE frames of 13.
const acknowledgedShare = 1 / 4;

/** The account of one session. */
export class OverheadLedger {
  readonly #limits: Pick<ListenerLimits, "sessionOverheadBytes" | "sessionOverheadBytesPerStream">;
  #last: SessionTraffic = { receivedBytes: 0, bodyBytes: 0, sentBytes: 0, closedStreams: 0, openStreams: 0 };
  #debtBytes = 0;

  /** @param limits - how much debt a session may have */
  constructor(limits: Pick<ListenerLimits, "sessionOverheadBytes" | "sessionOverheadBytesPerStream">) {
    this.#limits = limits;
  }

  /**
   * Settles what happened since the last call. Credit is never saved up: a session that was good for hours
   * may not flood afterwards.
   *
   * @returns false when the session is too deep in debt
   */
  settle(traffic: SessionTraffic): boolean {
    const { sessionOverheadBytes, sessionOverheadBytesPerStream } = this.#limits;
    const last = this.#last;
    this.#last = traffic;
    const incurred = traffic.receivedBytes - last.receivedBytes - (traffic.bodyBytes - last.bodyBytes);
    // Up to a flow-control window of body may have been on its way when a stream was closed.
    const earned =
      (traffic.closedStreams - last.closedStreams) * sessionOverheadBytesPerStream +
      (traffic.sentBytes - last.sentBytes) * acknowledgedShare;
    this.#debtBytes = Math.max(0, this.#debtBytes + incurred - earned);
    return this.#debtBytes <= sessionOverheadBytes + traffic.openStreams * sessionOverheadBytesPerStream;
  }
}

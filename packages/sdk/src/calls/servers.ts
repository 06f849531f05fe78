/**
 * The servers calls can go to, and which is next.
 *
 * @module
 */

import type { Transport } from "@connectrpc/connect";
import type { Clock } from "../clock.ts";

/** One server. */
export interface Server {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly transport: Transport;
}

interface Member {
  readonly server: Server;
  /** `Clock.monotonic` until which it is asked only when no other one is left. */
  restsUntilMs: number;
}

/**
 * Chooses servers: calls stay with the one that answered last. When it fails, the next in order takes over, and the
 * failed one rests.
 */
export class Servers {
  readonly #members: readonly Member[];
  readonly #clock: Clock;
  readonly #coolDownMs: number;
  #current = 0;

  /**
   * @param servers - at least one, in order of preference
   * @param coolDownMs - how long a failed one rests
   */
  constructor(servers: readonly Server[], clock: Clock, coolDownMs: number) {
    this.#members = servers.map((server) => ({ server, restsUntilMs: Number.NEGATIVE_INFINITY }));
    this.#clock = clock;
    this.#coolDownMs = coolDownMs;
  }

  /** How many there are. */
  get count(): number {
    return this.#members.length;
  }

  /** The server for the next try: the current one, else the next in order that does not rest, else who rests least. */
  pick(): Server {
    const now = this.#clock.monotonic();
    const order = [...this.#members.slice(this.#current), ...this.#members.slice(0, this.#current)];
    const awake = order.find(({ restsUntilMs }) => restsUntilMs <= now);
    const member =
      awake ?? order.reduce((least, each) => (each.restsUntilMs < least.restsUntilMs ? each : least));
    return member.server;
  }

  /** Whether a server would be picked that does not rest. */
  hasAwake(): boolean {
    const now = this.#clock.monotonic();
    return this.#members.some(({ restsUntilMs }) => restsUntilMs <= now);
  }

  /** This one answers, whatever it says: calls stay with it. */
  succeeded(server: Server): void {
    const place = this.#members.findIndex((member) => member.server === server);
    const member = this.#members[place];
    if (!member) return;
    member.restsUntilMs = Number.NEGATIVE_INFINITY;
    this.#current = place;
  }

  /** This one is to rest. */
  failed(server: Server): void {
    const member = this.#members.find((each) => each.server === server);
    if (member) member.restsUntilMs = this.#clock.monotonic() + this.#coolDownMs;
  }
}

/**
 * The credential calls are sent with.
 *
 * @module
 */

import { LlmProxyError } from "../error.ts";

/** A credential, or a function that gets one; the function is asked again when the server refuses what it gave. */
export type Token = string | (() => string | Promise<string>);

/** Keeps a credential, and renews it once for all calls that find it refused. */
export class TokenSource {
  readonly #read: (() => string | Promise<string>) | undefined;
  #token: string | undefined;
  #reading: Promise<string> | undefined;

  constructor(token: Token | undefined) {
    if (typeof token === "function") this.#read = token;
    else this.#token = token;
  }

  /**
   * The credential; undefined when calls are sent without.
   *
   * @throws `unauthenticated` when it cannot be had
   */
  async current(): Promise<string | undefined> {
    if (this.#token !== undefined || !this.#read) return this.#token;
    return this.#renew(this.#read);
  }

  /**
   * A credential other than the refused one; undefined when there is none.
   *
   * @throws `unauthenticated` when it cannot be had
   */
  async instead(refused: string): Promise<string | undefined> {
    if (!this.#read) return undefined;
    // Another call may have renewed it meanwhile.
    const isRenewed = this.#token !== undefined && this.#token !== refused;
    const token = isRenewed ? this.#token : await this.#renew(this.#read);
    return token === refused ? undefined : token;
  }

  #renew(read: () => string | Promise<string>): Promise<string> {
    if (this.#reading !== undefined) return this.#reading;
    const reading = this.#ask(read);
    this.#reading = reading;
    const done = (): void => {
      this.#reading = undefined;
    };
    reading.then(done, done);
    return reading;
  }

  async #ask(read: () => string | Promise<string>): Promise<string> {
    try {
      this.#token = await read();
      return this.#token;
    } catch (cause) {
      throw new LlmProxyError("unauthenticated", "the token could not be read", { cause });
    }
  }
}

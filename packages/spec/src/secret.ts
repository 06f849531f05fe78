/**
 * A value that must not be printed.
 *
 * @module
 */

const inspect = Symbol.for("nodejs.util.inspect.custom");

/**
 * Holds a secret string so that logging, JSON, string interpolation and `util.inspect` show `[secret]`.
 * The only way to the value is {@link Secret.reveal}, which makes each use visible in the code.
 */
export class Secret {
  readonly #value: string;

  /** @param value - the secret itself */
  constructor(value: string) {
    this.#value = value;
  }

  /** The secret. Call it only where the value leaves for its purpose: a header, a hash, a file of mode 0600. */
  reveal(): string {
    return this.#value;
  }

  /** Always `[secret]`. */
  toString(): string {
    return "[secret]";
  }

  /** Always `[secret]`. */
  toJSON(): string {
    return "[secret]";
  }

  /** Always `[secret]`. */
  [inspect](): string {
    return "[secret]";
  }
}

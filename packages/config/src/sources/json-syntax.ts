/**
 * Where a text stops being JSON. `JSON.parse` tells this only sometimes, and quotes the text around it, which
 * may hold a secret.
 *
 * @module
 */

/** One token: punctuation, a string, or a number or word. @see RFC 8259 §2 */
const token =
  /(?<mark>[[\]{},:])|(?<string>"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*")|(?<scalar>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;

const blank = /[ \t\n\r]*/y;

/** A state of the grammar: what may come next. */
type Expectation = "value" | "first item" | "first key" | "key" | "colon" | "comma" | "nothing";

/** What a token does: it opens or closes a list or map, is a whole value, or leads to the next state. */
type Effect = "open" | "close" | "value" | "key" | "colon" | "comma";

const valueTokens = { "{": "open", "[": "open", string: "value", scalar: "value" } as const;

/** The effect of each token that may come next. */
const grammar: Readonly<Record<Expectation, Readonly<Record<string, Effect>>>> = {
  value: valueTokens,
  "first item": { ...valueTokens, "]": "close" },
  "first key": { string: "key", "}": "close" },
  key: { string: "key" },
  colon: { ":": "colon" },
  comma: { ",": "comma", "]": "close", "}": "close" },
  nothing: {},
};

/**
 * Finds the first place where a text breaks the grammar of JSON.
 *
 * @returns an index into the text, its length when it ends too early, or undefined when it is JSON
 */
export function jsonErrorPosition(text: string): number | undefined {
  const open: string[] = [];
  let expected: Expectation = "value";
  let position = skip(blank, text, 0);
  while (position < text.length) {
    const kind = kindOfToken(text, position);
    const effect: Effect | undefined = grammar[expected][kind];
    const next: Expectation | undefined = effect && advance(effect, kind, open);
    if (next === undefined) return position;
    expected = next;
    position = skip(blank, text, skip(token, text, position));
  }
  return expected === "nothing" ? undefined : position;
}

/** Punctuation stands for itself; what is no token has an empty kind. */
function kindOfToken(text: string, position: number): string {
  token.lastIndex = position;
  const { mark, string, scalar } = token.exec(text)?.groups ?? {};
  if (mark !== undefined) return mark;
  if (string !== undefined) return "string";
  return scalar === undefined ? "" : "scalar";
}

/** The place after what a sticky pattern matches. */
function skip(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}

/** The next state; undefined when a bracket does not fit the one it would close. */
function advance(effect: Effect, kind: string, open: string[]): Expectation | undefined {
  switch (effect) {
    case "open":
      open.push(kind);
      return kind === "{" ? "first key" : "first item";
    case "close":
      return open.pop() === (kind === "}" ? "{" : "[") ? afterValue(open) : undefined;
    case "value":
      return afterValue(open);
    case "key":
      return "colon";
    case "colon":
      return "value";
    case "comma":
      return open.at(-1) === "{" ? "key" : "value";
  }
}

function afterValue(open: readonly string[]): Expectation {
  return open.length === 0 ? "nothing" : "comma";
}

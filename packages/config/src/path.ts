/**
 * Where a value stands in the configuration, and how that is written for the user.
 *
 * @module
 */

/** Keys and list indexes from the root to a value; empty for the root itself. */
export type Path = readonly (string | number)[];

const plainKey = /^[A-Za-z_][\w-]*$/;

/** One segment: a key after a dot or at the beginning, an index or a key in quotes in brackets. */
const segmentPattern =
  /(?:^|(?<=.)\.)(?<key>[^.[\]"]+)|\[(?<index>0|[1-9]\d{0,5})\]|\["(?<quoted>(?:[^"\\\p{Cc}]|\\["\\])*)"\]/uy;

/** Writes a path the way a user would, e.g. `providers[0].headers["x.y"]`. */
export function formatPath(path: Path): string {
  return path.map(formatSegment).join("").replace(/^\./, "");
}

/**
 * Reads a path as a user writes it; the inverse of {@link formatPath}.
 *
 * @returns undefined when the text is not a path
 */
export function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  const pattern = new RegExp(segmentPattern);
  while (pattern.lastIndex < text.length) {
    const { key, index, quoted } = pattern.exec(text)?.groups ?? {};
    if (index !== undefined) path.push(Number(index));
    else if (key !== undefined) path.push(key);
    else if (quoted !== undefined) path.push(quoted.replace(/\\(["\\])/g, "$1"));
    else return undefined;
  }
  return path.length === 0 || typeof path[0] === "number" ? undefined : path;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor.length <= path.length && ancestor.every((segment, index) => path[index] === segment);
}

function formatSegment(segment: string | number): string {
  if (typeof segment === "number") return `[${segment}]`;
  return plainKey.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}

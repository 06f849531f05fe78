/**
 * Where a value stands in the configuration, and how that is written for the user.
 *
 * @module
 */

/** Keys and list indexes from the root to a value; empty for the root itself. */
export type Path = readonly (string | number)[];

const plainKey = /^[A-Za-z_][\w-]*$/;

/** Writes a path the way a user would, e.g. `providers[0].headers["x.y"]`. */
export function formatPath(path: Path): string {
  return path.map(formatSegment).join("").replace(/^\./, "");
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor.length <= path.length && ancestor.every((segment, index) => path[index] === segment);
}

function formatSegment(segment: string | number): string {
  if (typeof segment === "number") return `[${segment}]`;
  return plainKey.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}

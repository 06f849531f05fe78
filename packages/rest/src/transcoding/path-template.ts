/**
 * Path templates: `/v1/{name=projects/*}/keys/{id}:revoke`.
 *
 *     Template = "/" Segments [ ":" LITERAL ] ;
 *     Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | "{" FieldPath [ "=" Segments ] "}" ;
 *
 * @see https://github.com/googleapis/googleapis/blob/master/google/api/http.proto (Path template syntax)
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

/** One segment of a path: a text, any one segment, or any number of segments to the end. */
export type PathSegment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "rest" };

/** A field of the request that is part of the path. */
export interface PathVariable {
  /** Path of the field, `a.b`. */
  readonly fieldPath: string;
  /** Index of its first segment. */
  readonly start: number;
  /** Index behind its last segment. */
  readonly end: number;
}

/** A parsed template. */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly PathSegment[];
  readonly variables: readonly PathVariable[];
  /** What follows the last colon; empty when there is none. */
  readonly verb: string;
}

/** The values of a template's variables, by field path, as they stand in the path. */
export type PathValues = ReadonlyMap<string, string>;

/**
 * Parses a template.
 *
 * @throws TypeError when it is malformed, binds a field twice, or has `**` anywhere but at the end
 */
export function parsePathTemplate(text: string): PathTemplate {
  const [, path = "", verb = ""] = /^\/((?:[^{}:]|\{[^{}]*\})*?)(?::([\w.~-]+))?$/.exec(text) ?? [];
  const segments: PathSegment[] = [];
  const variables: PathVariable[] = [];
  for (const piece of path.match(/\{[^{}]*\}|[^/{}]+/g) ?? []) {
    const variable = /^\{([a-z_]\w*(?:\.[a-z_]\w*)*)(?:=([^{}]+))?\}$/.exec(piece);
    const start = segments.length;
    for (const segment of (variable ? (variable[2] ?? "*") : piece).split("/"))
      segments.push(parseSegment(segment, text));
    if (variable?.[1]) variables.push({ fieldPath: variable[1], start, end: segments.length });
  }
  check(text, path, segments, variables);
  return { text, segments, variables, verb };
}

function parseSegment(text: string, template: string): PathSegment {
  if (text === "*") return { kind: "one" };
  if (text === "**") return { kind: "rest" };
  if (!/^[\w.~$@-]+$/.test(text)) throw new TypeError(`${template} is no path template`);
  return { kind: "literal", text };
}

function check(
  text: string,
  path: string,
  segments: readonly PathSegment[],
  variables: readonly PathVariable[],
): void {
  const names = new Set(variables.map(({ fieldPath }) => fieldPath));
  const isWhole = path.replace(/\{[^{}]*\}/g, "x").split("/").length === countPieces(path);
  if (path === "" || !isWhole) throw new TypeError(`${text} is no path template`);
  if (names.size < variables.length) throw new TypeError(`${text} binds a field twice`);
  if (segments.slice(0, -1).some(({ kind }) => kind === "rest"))
    throw new TypeError(`${text} has ** before its end`);
}

/** Pieces between slashes; two variables side by side, or an empty segment, make another number of them. */
function countPieces(path: string): number {
  return path.match(/\{[^{}]*\}|[^/{}]+/g)?.length ?? 0;
}

/**
 * The values of the variables; undefined when the path is another one.
 *
 * @param path - begins with a slash, without query, percent-encoded
 */
export function matchPath(template: PathTemplate, path: string): PathValues | undefined {
  const { segments, variables, verb } = template;
  if (verb !== "" && !path.endsWith(`:${verb}`)) return undefined;
  const given = (verb === "" ? path : path.slice(0, -verb.length - 1)).slice(1).split("/");
  const hasRest = segments.at(-1)?.kind === "rest";
  if (hasRest ? given.length < segments.length - 1 : given.length !== segments.length) return undefined;
  if (!segments.every((segment, index) => matchesSegment(segment, given[index]))) return undefined;
  return new Map(
    variables.map(({ fieldPath, start, end }) => {
      const isToEnd = hasRest && end === segments.length;
      return [fieldPath, given.slice(start, isToEnd ? undefined : end).join("/")];
    }),
  );
}

function matchesSegment(segment: PathSegment, given: string | undefined): boolean {
  if (segment.kind === "rest") return true;
  return segment.kind === "literal" ? given === segment.text : given !== undefined && given !== "";
}

/**
 * A variable's value as a field is to have it. A value of several segments keeps its `%2F`, which would otherwise look like a
 * boundary.
 *
 * @throws `invalid_request` for what is not UTF-8, percent-encoded
 */
export function decodePathValue(template: PathTemplate, fieldPath: string, value: string): string {
  const variable = template.variables.find((candidate) => candidate.fieldPath === fieldPath);
  const isOneSegment =
    variable && variable.end - variable.start === 1 && template.segments[variable.start]?.kind === "one";
  try {
    if (isOneSegment) return decodeURIComponent(value);
    return value
      .split(/(%2f)/i)
      .map((piece) => (/^%2f$/i.test(piece) ? piece : decodeURIComponent(piece)))
      .join("");
  } catch (cause) {
    throw new ProxyError("invalid_request", `${fieldPath}: expected percent-encoded utf-8 in the path`, {
      field: fieldPath,
      cause,
    });
  }
}

/** Orders templates so that of those that match a path the most exact stands first. */
export function comparePathTemplates(left: PathTemplate, right: PathTemplate): number {
  return rankOf(left) < rankOf(right) ? -1 : rankOf(left) > rankOf(right) ? 1 : 0;
}

/** The same for templates that match the same paths. */
export function pathSignature({ segments, verb }: PathTemplate): string {
  const texts = segments.map((segment) => (segment.kind === "literal" ? segment.text : `{${segment.kind}}`));
  return `/${texts.join("/")}:${verb}`;
}

const ranks = { literal: "0", one: "1", rest: "2" } as const;

/** A verb is more exact than none, because a variable would take it for its own. */
function rankOf({ segments, verb }: PathTemplate): string {
  return `${verb === "" ? "1" : "0"}${segments.map(({ kind }) => ranks[kind]).join("")}`;
}

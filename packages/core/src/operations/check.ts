/**
 * Checks of what callers send to operations. Fields are named as in the protos, which is what callers wrote.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";

const defaultPageSize = 50;
const maxPageSize = 1000;
const maxNameLength = 128;

/** A page as a caller asks for it. */
export interface PageInput {
  /** 1–1000; 50 when absent or 0, larger values count as 1000. */
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/** @throws `invalid_request` for a negative size */
export function checkPage(input: PageInput): { pageSize: number; pageToken?: string } {
  const { pageSize = 0, pageToken } = input;
  if (!Number.isInteger(pageSize) || pageSize < 0)
    throw new ProxyError("invalid_request", `page_size: expected a whole number from 1 to ${maxPageSize}`, {
      field: "page_size",
    });
  return {
    pageSize: Math.min(pageSize || defaultPageSize, maxPageSize),
    ...(pageToken !== undefined && pageToken !== "" && { pageToken }),
  };
}

/** @throws `invalid_request` unless `name` has 1–128 characters, none of them a control character */
export function checkName(name: string): string {
  const trimmed = name.trim();
  if (trimmed.length === 0 || trimmed.length > maxNameLength || /\p{Cc}/u.test(trimmed))
    throw new ProxyError("invalid_request", `name: expected 1 to ${maxNameLength} printable characters`, {
      field: "name",
    });
  return trimmed;
}

/** @throws `invalid_request` when `id` is empty */
export function checkId(id: string, field = "id"): string {
  if (id === "") throw new ProxyError("invalid_request", `${field}: expected an id`, { field });
  return id;
}

/** The answer for what is not there and for what the caller may not know about: the two must look the same. */
export function notFound(thing: string, field = "id"): ProxyError {
  return new ProxyError("not_found", `${thing} not found`, { field });
}

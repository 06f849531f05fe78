/**
 * What must hold for `auth.jwt`: whose tokens are accepted, and by which keys.
 *
 * @module
 */

import type { JsonValue } from "@llmproxy/spec";
import { formatPath, type Path } from "../path.ts";
import { isList, listAt, textAt, valueAt } from "../tree.ts";
import { type Finding, finding } from "../violation.ts";
import { keySetUrlProblem } from "./base-url.ts";

/** What the server calls itself in tokens where nothing else is said. */
const defaultIssuer = "llmproxy";
const secretKeys = ["secret", "secret_file", "secret_env"];

/** Checks each issuer and that none is given twice. Values of the wrong type are left to the schema. */
export function checkJwtIssuers(tree: JsonValue): readonly Finding[] {
  const entries = listAt(valueAt(tree, "auth"), "jwt");
  const first = new Map<string, Path>();
  const own = textAt(valueAt(valueAt(tree, "auth"), "issuer"), "issuer");
  // The server's own tokens are accepted anyway; nobody else may make tokens in its name.
  first.set(own ?? defaultIssuer, ["auth", "issuer", "issuer"]);
  return entries.flatMap((entry, index) => {
    const path = ["auth", "jwt", index];
    return [...checkKeys(entry, path), ...checkAlgorithms(entry, path), ...checkIssuer(entry, path, first)];
  });
}

function checkKeys(entry: JsonValue, path: Path): readonly Finding[] {
  const url = textAt(entry, "jwks_url");
  const hasUrl = valueAt(entry, "jwks_url") !== undefined;
  if (hasUrl && hasSecret(entry))
    return [finding([...path, "jwks_url"], "is given beside a secret, should be one of the two")];
  if (!hasUrl && !hasSecret(entry))
    return [finding(path, "has no keys, should have jwks_url, secret, secret_file or secret_env")];
  const problem =
    url === undefined ? undefined : keySetUrlProblem(url, valueAt(entry, "allow_private") === true);
  return problem === undefined ? [] : [finding([...path, "jwks_url"], problem)];
}

/**
 * A secret verifies nothing but HS256, and public keys nothing less: were both families allowed, a token could be
 * signed with a public key taken for a secret. @see RFC 8725 §2.1
 */
function checkAlgorithms(entry: JsonValue, path: Path): readonly Finding[] {
  const algorithms = valueAt(entry, "algorithms");
  if (!isList(algorithms)) return [];
  const right = hasSecret(entry) ? "HS256 as long as there is a secret" : "some of EdDSA, ES256 and RS256";
  const fits = (algorithm: JsonValue) => (algorithm === "HS256") === hasSecret(entry);
  if (algorithms.length > 0 && algorithms.every(fits)) return [];
  const problem = algorithms.length === 0 ? "is empty" : "does not fit the keys";
  return [finding([...path, "algorithms"], `${problem}, should be ${right}`)];
}

function checkIssuer(entry: JsonValue, path: Path, first: Map<string, Path>): readonly Finding[] {
  const issuer = textAt(entry, "issuer");
  if (issuer === undefined) return [];
  const here = [...path, "issuer"];
  const earlier = first.get(issuer);
  if (earlier !== undefined)
    return [
      finding(here, `is ${JSON.stringify(issuer)} like ${formatPath(earlier)}, should be another issuer`),
    ];
  first.set(issuer, here);
  return [];
}

function hasSecret(entry: JsonValue): boolean {
  return secretKeys.some((key) => valueAt(entry, key) !== undefined);
}

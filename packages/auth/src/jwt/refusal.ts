/**
 * Why a token is refused: for the log and for `jwt inspect`, never for whoever presented it.
 *
 * @module
 */

/** Every reason with what it means. */
export const jwtRefusals = {
  malformed: "it is not three parts of canonical base64url with a JSON object in the first and the second",
  header_forbidden: "its header brings its own keys, or extensions that would have to be understood",
  type_not_accepted: "its type (`typ`) is not accepted",
  algorithm_not_accepted: "its algorithm (`alg`) is not accepted from this issuer",
  kid_invalid: "its key id (`kid`) is not 1 to 128 letters, digits, `_`, `.` or `-`",
  kid_missing: "it has no key id (`kid`), and the issuer has several keys",
  key_unknown: "the issuer has no such key for this algorithm",
  issuer_unknown: "its issuer (`iss`) is not accepted",
  signature_invalid: "its signature does not hold",
  audience_not_accepted: "it is not for us (`aud`)",
  subject_invalid: "its subject (`sub`) is not 1 to 256 printable characters",
  time_invalid: "its times (`iat`, `exp`, `nbf`) are missing or not numbers",
  issued_in_future: "it was issued in the future (`iat`)",
  expired: "it has expired (`exp`)",
  not_yet_valid: "it is not valid yet (`nbf`)",
  lifetime_too_long: "it is valid for longer than is accepted (`exp` - `iat`)",
  too_old: "it was issued too long ago (`iat`)",
  roles_invalid: "its roles are neither a string nor a list of strings",
  project_invalid: "its project is not the id of one",
} as const;

/** A reason to refuse a token; lower snake case. */
export type JwtRefusal = keyof typeof jwtRefusals;

/**
 * `tls`: certificates and who issues them.
 *
 * @module
 */

import {
  nullable,
  optional,
  prefault,
  record,
  strictObject,
  string,
  _default as withDefault,
} from "zod/mini";
import {
  aMap,
  anything,
  choice,
  duration,
  flag,
  secretText,
  text,
  textList,
  variableName,
  wholeNumber,
} from "./fields.ts";

const file = () => optional(text("the path of a file"));

const hstsSchema = strictObject(
  { enabled: withDefault(flag(), false), max_age: withDefault(duration("0s", "3650d"), "365d") },
  aMap,
);

const eabSchema = strictObject(
  {
    kid: text("the key id the certificate authority gave"),
    hmac_key: optional(secretText),
    hmac_key_file: file(),
    hmac_key_env: optional(variableName()),
  },
  aMap,
);

const acmeSchema = strictObject(
  {
    directory_url: optional(text("the URL of an ACME directory", /^https:\/\//)),
    email: optional(text("an e-mail address", /^[^\s@]+@[^\s@]+$/)),
    domains: withDefault(textList("a domain name"), []),
    challenge: withDefault(choice(["tls-alpn-01", "http-01", "dns-01"]), "tls-alpn-01"),
    http_port: withDefault(wholeNumber(1, 65_535), 80),
    ca_cert_file: file(),
    eab: optional(eabSchema),
    dns: optional(record(string(), anything(), aMap)),
  },
  aMap,
);

/** The schema of `tls`. */
export const tlsSchema = prefault(
  strictObject(
    {
      mode: withDefault(choice(["off", "files", "dev-ca", "acme"]), "off"),
      cert_file: file(),
      key_file: file(),
      client_ca_file: file(),
      client_auth: withDefault(choice(["none", "optional", "require"]), "none"),
      min_version: withDefault(choice(["1.2", "1.3"]), "1.2"),
      hsts: prefault(hstsSchema, {}),
      redirect_port: withDefault(nullable(wholeNumber(1, 65_535)), null),
      acme: prefault(acmeSchema, {}),
    },
    aMap,
  ),
  {},
);

/**
 * Taking secrets out of text that others wrote.
 *
 * @module
 */

import { ProxyError, type Secret, type VendorError } from "@llmproxy/spec";
import { defined } from "../json/value.ts";

/** Replaces secrets in a text by `[secret]` and cuts it to 1,024 characters. */
export type Scrubber = (text: string) => string;

const replacement = "[secret]";
const maxLength = 1_024;
/** Shorter values would match ordinary words. */
const minSecretLength = 8;

/** What credentials look like, whoever they belong to. */
const patterns = [
  /-----BEGIN [A-Z ]{1,40}-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|$)/g, // PEM
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, //                               JSON Web Token
  /\b(?:sk|pk|rk)-[\w*-]{8,}/g, //                                       OpenAI and many others, also masked
  /\bAIza[\w-]{16,}/g, //                                                Google
  /\bAKIA[A-Z0-9]{12,}/g, //                                             AWS
  /\bxox[a-z]-[\w-]{8,}/g, //                                            Slack
  /\bgh[pousr]_\w{16,}/g, //                                             GitHub
  /(?<=:\/\/)[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)/g, //                   user:password@ of a URL
];

/**
 * Makes a scrubber.
 *
 * @param secrets - values to take out wherever they stand, beside everything that looks like a credential
 */
export function createScrubber(secrets: readonly Secret[]): Scrubber {
  return (text) => {
    let clean = text;
    for (const secret of secrets) {
      const value = secret.reveal();
      if (value.length >= minSecretLength) clean = clean.replaceAll(value, replacement);
    }
    for (const pattern of patterns) clean = clean.replace(pattern, replacement);
    return clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean;
  };
}

/** The same error with every text in it scrubbed, and with how long to wait where that is known. */
export function scrubError(error: ProxyError, scrub: Scrubber, retryAfterMs?: number): ProxyError {
  const { code, field, reason, vendor } = error;
  return new ProxyError(
    code,
    scrub(error.message),
    defined({
      field,
      reason,
      retryAfterMs: error.retryAfterMs ?? retryAfterMs,
      vendor: vendor && scrubVendor(vendor, scrub),
    }),
  );
}

function scrubVendor({ status, type, code, param }: VendorError, scrub: Scrubber): VendorError {
  return defined({
    status,
    type: type && scrub(type),
    code: typeof code === "string" ? scrub(code) : code,
    param: param && scrub(param),
  });
}

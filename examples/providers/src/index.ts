/**
 * Which models the examples have: `echo` always, and those of the vendors whose usual variables are set.
 *
 * @module
 */

import type { ProviderInput } from "@llmproxy/core";

/**
 * Finds the providers. The variables are those of the vendors' own SDKs: `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, and
 * where the API is elsewhere `OPENAI_BASE_URL` (with the version path), `ANTHROPIC_BASE_URL` (without one).
 *
 * @param variables - of the environment, usually `process.env`
 * @returns `echo`, which answers with what it is told, then OpenAI and Anthropic where there is a key
 */
export function providersFrom(variables: Readonly<Record<string, string | undefined>>): ProviderInput[] {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL } = variables;
  const providers: ProviderInput[] = [{ name: "echo", kind: "echo" }];
  if (OPENAI_API_KEY)
    providers.push({ name: "openai", kind: "openai", apiKey: OPENAI_API_KEY, ...at(OPENAI_BASE_URL) });
  if (ANTHROPIC_API_KEY) {
    const baseUrl = ANTHROPIC_BASE_URL && `${ANTHROPIC_BASE_URL}/v1`;
    providers.push({ name: "anthropic", kind: "anthropic", apiKey: ANTHROPIC_API_KEY, ...at(baseUrl) });
  }
  return providers;
}

/** An address that was set on purpose may be one of the own network. */
function at(baseUrl: string | undefined): { baseUrl?: string; allowPrivate?: boolean } {
  return baseUrl ? { baseUrl, allowPrivate: true } : {};
}

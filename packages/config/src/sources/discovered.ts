/**
 * Providers that appear by themselves: whoever has set the usual variable of a vendor wants to use it.
 *
 * @module
 */

import type { JsonObject } from "@llmproxy/spec";

/** The variables vendors' own clients read, and the kind of provider each means. */
const usualVariables = [
  { variable: "OPENAI_API_KEY", kind: "openai" },
  { variable: "ANTHROPIC_API_KEY", kind: "anthropic" },
] as const;

/**
 * What `providers` is where nobody says: `echo`, and a provider for each usual variable that is set.
 *
 * @returns undefined when no variable is set, so that the default holds
 */
export function discoverProviders(
  environment: Readonly<Record<string, string | undefined>>,
): JsonObject | undefined {
  const found = usualVariables.filter(({ variable }) => (environment[variable] ?? "") !== "");
  if (found.length === 0) return undefined;
  return {
    providers: [
      { name: "echo", kind: "echo" },
      ...found.map(({ variable, kind }) => ({ name: kind, kind, api_key_env: variable })),
    ],
  };
}

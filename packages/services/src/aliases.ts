/**
 * Other names under which existing clients know our services. Messages and field numbers are the same, so a name
 * is all that has to be translated.
 *
 * @module
 */

/** Full service names: alias to the name of ours. */
export const serviceAliases: Readonly<Record<string, string>> = {
  "vibectl.llm_proxy.VibectlLLMProxy": "llmproxy.v1.LlmProxyService",
};

/**
 * The path of an RPC under its own name; any other path as it is.
 *
 * @param path - `/<service>/<method>`, perhaps with a query
 */
export function resolveAlias(path: string): string {
  const end = path.indexOf("/", 1);
  const service = end < 0 ? "" : path.slice(1, end);
  const target = Object.hasOwn(serviceAliases, service) ? serviceAliases[service] : undefined;
  return target === undefined ? path : `/${target}${path.slice(end)}`;
}

/** The aliases of a service. */
export function aliasesOf(service: string): readonly string[] {
  return Object.keys(serviceAliases).filter((alias) => serviceAliases[alias] === service);
}

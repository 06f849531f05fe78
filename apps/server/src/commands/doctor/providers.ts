/**
 * Whether the providers answer, and whether the default model is one of theirs.
 *
 * @module
 */

import type { Config } from "@llmproxy/config";
import { ProxyError, systemClock } from "@llmproxy/spec";
import { type Check, type Checkup, fail, ok, warn } from "./checkup.ts";
import { type ProbeAnswer, probeProvider, type RemoteProvider } from "./provider-probe.ts";

/** A provider and what became of asking it. */
interface Probed {
  readonly provider: RemoteProvider;
  readonly result: ProbeAnswer | ProxyError;
}

/** What the clocks of others may differ by before signatures and tokens suffer. */
const toleranceMs = 5_000;

/** Asks all of them at the same time. */
export async function checkProviders({ loaded, options }: Checkup): Promise<readonly Check[]> {
  if (!loaded) return [];
  const { config } = loaded;
  const remote = config.providers.filter((provider) => provider.kind !== "echo");
  const local = config.providers
    .filter((provider) => provider.kind === "echo")
    .map(({ name }) => ok(`provider ${name}`, "built in"));
  const probed = options.offline ? [] : await Promise.all(remote.map(probe));
  return [...local, ...probed.map(providerCheck), defaultModelCheck(config, probed), ...skewChecks(probed)];
}

async function probe(provider: RemoteProvider): Promise<Probed> {
  try {
    return { provider, result: await probeProvider(provider) };
  } catch (reason) {
    return { provider, result: ProxyError.from(reason) };
  }
}

function providerCheck({ provider, result }: Probed): Check {
  const name = `provider ${provider.name}`;
  const { baseUrl } = provider;
  if (result instanceof Error) return fail(name, result.message, unreachable(provider));
  const { status, models, addresses } = result;
  const at = addresses.length === 0 ? baseUrl : `${baseUrl} (${addresses.slice(0, 3).join(", ")})`;
  if (models) return ok(name, `${at} answers with ${models.length} models`);
  if (status === 401 || status === 403) return keyRefused(name, provider, status);
  if (status === 200 || status === 404)
    return warn(name, `${at} gives no list of models (${status})`, wrongPath);
  return warn(name, `${at} answers with ${status}`, "see what the provider says of its state, and try again");
}

const wrongPath = "check that base_url ends in the version path, such as /v1; some servers have no such list";

function keyRefused(name: string, { apiKey, baseUrl }: RemoteProvider, status: number): Check {
  return apiKey
    ? fail(
        name,
        `${baseUrl} refuses the key (${status})`,
        "replace the key: api_key, api_key_file or api_key_env",
      )
    : fail(name, `${baseUrl} wants a key (${status})`, "give it as api_key_file or api_key_env");
}

function unreachable({ allowPrivate, baseUrl }: RemoteProvider): string {
  const isPrivate = allowPrivate ? "" : "; a private address needs allow_private: true";
  return `check base_url ${baseUrl}, name resolution and the network${isPrivate}`;
}

function defaultModelCheck(config: Config, probed: readonly Probed[]): Check {
  const { defaultModel, models, directModels, providers } = config;
  const name = "default model";
  if (defaultModel === undefined) return ok(name, "none: requests must name one");
  if (models.some((model) => model.name === defaultModel || model.aliases.includes(defaultModel)))
    return ok(name, `${defaultModel} is configured`);
  const named = directModels && providers.find((provider) => isAskedOf(provider, defaultModel));
  if (named) return ok(name, `${defaultModel} is asked of ${named.name}`);
  const owner = probed.find(({ result }) => "models" in result && result.models?.includes(defaultModel));
  if (directModels && owner) return ok(name, `${defaultModel} is one of ${owner.provider.name}'s`);
  const isKnown = probed.length === providers.filter(({ kind }) => kind !== "echo").length;
  const remedy = "name one of models, or <provider>/<model>";
  return isKnown && probed.every(({ result }) => "models" in result && result.models)
    ? fail(name, `no provider has ${defaultModel}`, remedy)
    : warn(name, `whether a provider has ${defaultModel} cannot be told without asking all of them`, remedy);
}

/** Whether a name says which provider it means: `<provider>/<model>`, or the only model of an echo. */
function isAskedOf({ name, kind }: Config["providers"][number], model: string): boolean {
  return (
    (model.startsWith(`${name}/`) && model.length > name.length + 1) || (kind === "echo" && model === "echo")
  );
}

/** One provider may be wrong; what most of them say is the time. */
function skewChecks(probed: readonly Probed[]): readonly Check[] {
  const now = systemClock.now();
  const skews = probed
    .flatMap(({ result }) => ("date" in result && result.date ? [now - result.date.getTime()] : []))
    .sort((a, b) => a - b);
  const skew = skews[Math.floor(skews.length / 2)];
  if (skew === undefined) return [];
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (Math.abs(skew) <= toleranceMs) return [ok("clock of others", "within 5 s of the providers'")];
  const message = `${seconds} s ${skew > 0 ? "ahead of" : "behind"} the providers'`;
  return [
    warn(
      "clock of others",
      message,
      "synchronise this machine's clock (NTP): tokens and certificates depend on it",
    ),
  ];
}

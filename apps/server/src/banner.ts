/**
 * What a person sees after the server has started.
 *
 * @module
 */

import type { Bootstrap } from "@llmproxy/core/config";

/** What the banner shows. */
export interface BannerOptions {
  readonly url: string;
  /** A model that can be asked at once; absent where none is known. */
  readonly model: string | undefined;
  /** Absent when there is no bootstrap; the line then names a variable to fill in. */
  readonly bootstrap: Bootstrap | undefined;
  readonly authEnabled: boolean;
}

/**
 * A command that works as pasted: the key is read from the bootstrap file, so that no secret is printed.
 */
export function banner(options: BannerOptions): string {
  const { url, model, bootstrap, authEnabled } = options;
  const keys = bootstrap && authEnabled ? `\n  Keys are in ${bootstrap.path}\n` : "\n";
  const example =
    model === undefined ? "  GET /v1/models lists the models." : `  Try it:\n\n${command(model, options)}`;
  return `\n  llmproxy is ready at ${url}${keys}\n${example}\n\n`;
}

function command(model: string, { url, bootstrap, authEnabled }: BannerOptions): string {
  const body = `{"model":${JSON.stringify(model)},"messages":[{"role":"user","content":"Hello"}]}`;
  return [
    `curl ${reachable(url)}/v1/chat/completions`,
    ...(authEnabled ? [`-H "authorization: Bearer ${keyExpression(bootstrap)}"`] : []),
    `-H "content-type: application/json"`,
    `-d ${quoted(body)}`,
  ].join(" ");
}

/** A server that listens everywhere is reached here by its loopback address. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

/** Reads the key with what every POSIX shell has. */
function keyExpression(bootstrap: Bootstrap | undefined): string {
  if (!bootstrap) return "$LLMPROXY_API_KEY";
  return `$(sed -n 's/.*"api_key": "\\([^"]*\\)".*/\\1/p' ${quoted(bootstrap.path)})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

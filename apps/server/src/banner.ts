/**
 * What a person sees after the server has started.
 *
 * @module
 */

import type { Bootstrap } from "./data/bootstrap.ts";

/** What the banner shows. */
export interface BannerOptions {
  readonly url: string;
  /** A model that can be asked at once. */
  readonly model: string;
  /** Absent when there is no bootstrap; the line then names a variable to fill in. */
  readonly bootstrap: Bootstrap | undefined;
  readonly authEnabled: boolean;
}

/**
 * A command that works as pasted: the key is read from the bootstrap file, so that no secret is printed.
 */
export function banner(options: BannerOptions): string {
  const { url, model, bootstrap, authEnabled } = options;
  const body = `{"model":${JSON.stringify(model)},"messages":[{"role":"user","content":"Hello"}]}`;
  const command = [
    `curl ${url}/v1/chat/completions`,
    ...(authEnabled ? [`-H "authorization: Bearer ${keyExpression(bootstrap)}"`] : []),
    `-H "content-type: application/json"`,
    `-d ${quoted(body)}`,
  ].join(" ");
  const keys = bootstrap ? `\n  Keys are in ${bootstrap.path}\n` : "\n";
  return `\n  llmproxy is ready at ${url}${keys}\n  Try it:\n\n${command}\n\n`;
}

/** Reads the key with what every POSIX shell has. */
function keyExpression(bootstrap: Bootstrap | undefined): string {
  if (!bootstrap) return "$LLMPROXY_API_KEY";
  return `$(sed -n 's/.*"api_key": "\\([^"]*\\)".*/\\1/p' ${quoted(bootstrap.path)})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Takes secrets out of text that leaves the process: logs, error messages, labels of metrics.
 *
 * It is the last line, not the first: whoever holds a secret keeps it in a `Secret`. What comes from outside
 * (a vendor's error text, a driver's message with its connection string) can be caught only here.
 *
 * @module
 */

import type { Secret } from "@llmproxy/spec";

/** Returns a text with every secret in it, wherever it stands, replaced by `[secret]`. */
export type Scrubber = (text: string) => string;

// Shorter values would hide harmless words.
const shortestSecret = 8;
const replacement = "[secret]";

// Where a key may begin: "task-list-of-mine" holds none, "key%3Dsk-…" does.
const keyStart = "(?<=^|[^A-Za-z]|%[0-9A-Fa-f]{2})";
// Only where a word begins, or a word of many beginnings would be read once for each.
const wordStart = "(?<=^|[^A-Za-z0-9_-]|%[0-9A-Fa-f]{2})";

/** One form of secrets. */
interface SecretForm {
  /** A pattern of what stands in every secret of this form: short, and found without looking back or ahead. */
  readonly needle: string;
  readonly pattern: string;
}

const forms: readonly SecretForm[] = [
  // Ours (sk-llp-…), OpenAI's, Anthropic's, DeepSeek's, OpenRouter's.
  { needle: "sk-", pattern: `${keyStart}sk-[A-Za-z0-9_-]{8,}` },
  // Google.
  { needle: "AIza", pattern: "AIza[0-9A-Za-z_-]{20,}" },
  // AWS access key ids, lasting and temporary.
  { needle: "A[KS]IA", pattern: "(?:AKIA|ASIA)[0-9A-Z]{12,}" },
  // Slack.
  { needle: "xox", pattern: "xox[a-z]-[A-Za-z0-9-]{8,}" },
  // GitHub.
  { needle: "gh[pousr]_", pattern: "gh[pousr]_[A-Za-z0-9]{16,}" },
  { needle: "github_pat_", pattern: "github_pat_[A-Za-z0-9_]{16,}" },
  // JSON Web Tokens, signed (three parts, the last empty if unsigned) or encrypted (five).
  { needle: "eyJ", pattern: `${wordStart}eyJ[A-Za-z0-9_-]{5,}(?:\\.[A-Za-z0-9_-]*){2,4}` },
  // PEM; a block that is cut off goes to the end.
  {
    needle: "-----BEGIN",
    pattern: "-----BEGIN [A-Z0-9 ]+-----[\\s\\S]*?(?:-----END [A-Z0-9 ]+-----|$)",
  },
  // User and password of a URL: all between the scheme and the last @ before the path.
  { needle: "://", pattern: "(?<=://)[^\\s/?#\"'<>\\\\]+(?=@)" },
  // Whatever is presented as a bearer token.
  {
    needle: "earer|EARER",
    pattern: "(?<=\\b(?:[Bb]earer|BEARER)[ \\t])[ \\t]*[^\\s\"',;\\\\]{8,}",
  },
];

/**
 * Makes a scrubber for the common forms of secrets and for these very values. Values shorter than 8
 * characters are ignored; a value is also found percent-encoded and as it stands in JSON.
 *
 * @param secrets - values to hide wherever they occur
 */
export function createScrubber(secrets: readonly Secret[] = []): Scrubber {
  const values = secrets.map((secret) => secret.reveal()).filter((value) => value.length >= shortestSecret);
  const spellings = [...new Set(values.flatMap(spellingsOf))].sort((a, b) => b.length - a.length);
  const exact = spellings.map(escapePattern);
  // Exact values go first, so that a longer one is not left over in part.
  const all = new RegExp([...exact, ...forms.map(({ pattern }) => pattern)].join("|"), "g");
  // Nearly every text has no secret in it; to see that takes a tenth of the time without the contexts.
  const needles = new RegExp([...exact, ...forms.map(({ needle }) => needle)].join("|"));
  return (text) =>
    text.length < shortestSecret || !needles.test(text) ? text : text.replace(all, replacement);
}

function spellingsOf(value: string): readonly string[] {
  const inJson = JSON.stringify(value).slice(1, -1);
  return value.isWellFormed() ? [value, encodeURIComponent(value), inJson] : [value, inJson];
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

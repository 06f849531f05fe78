/**
 * What a call used.
 *
 * @module
 */

/**
 * Tokens of one call in disjoint parts: each token is counted in exactly one of them, so that a price per
 * part can be applied without subtraction.
 */
export interface Usage {
  /** Input tokens that no other input part counts. */
  readonly inputTokens: number;
  /** Input tokens read from the vendor's prompt cache. */
  readonly cacheReadTokens: number;
  /** Input tokens written to the vendor's prompt cache for its usual time: 5 minutes at Anthropic. */
  readonly cacheWriteTokens: number;
  /** Input tokens written to the vendor's prompt cache for an hour, which costs more. */
  readonly cacheWriteHourTokens: number;
  /** Input tokens of audio. */
  readonly audioInputTokens: number;
  /** Output tokens that no other output part counts. */
  readonly outputTokens: number;
  /** Output tokens spent on reasoning, shown or hidden. */
  readonly reasoningTokens: number;
  /** Output tokens of audio. */
  readonly audioOutputTokens: number;
  /** Whether any part was counted here because the vendor did not report it. */
  readonly estimated: boolean;
}

/** No tokens, nothing estimated. */
export const noUsage: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWriteHourTokens: 0,
  audioInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
  estimated: false,
};

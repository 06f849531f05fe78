/**
 * Names of wire formats.
 *
 * @module
 */

/** A wire format llmproxy reads and writes. */
export type DialectName = "openai-chat" | "anthropic-messages";

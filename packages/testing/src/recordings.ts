/**
 * Recorded answers of real vendors; `fixtures/README.md` says where they come from.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The wire formats there are recordings of: the folders of `fixtures/`. */
export type RecordingFormat =
  | "anthropic-messages"
  | "bedrock"
  | "cohere"
  | "deepseek"
  | "google-generate"
  | "groq"
  | "mistral"
  | "openai-chat"
  | "openai-compatible"
  | "openai-completions"
  | "openai-embeddings"
  | "openai-responses"
  | "perplexity"
  | "xai";

/** One answer that was not streamed. */
export interface UnaryRecording {
  readonly kind: "unary";
  /** The file's name without its ending; a streamed answer to a similar request often has the same. */
  readonly name: string;
  /** The body exactly as it was sent: JSON text. */
  readonly json: string;
}

/** One streamed answer. */
export interface StreamRecording {
  readonly kind: "stream";
  /** The file's name without its ending. */
  readonly name: string;
  /** The payload of each event exactly as it was sent, in order: JSON texts without their SSE envelope. */
  readonly chunks: readonly string[];
}

/** One recorded answer. */
export type Recording = UnaryRecording | StreamRecording;

const unaryEnding = ".json";
const streamEnding = ".chunks.txt";
// `src` and `dist` are equally deep, so this holds for both.
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

/**
 * Reads every recording of a wire format, ordered by file name.
 *
 * @throws Error when there are none
 */
export function loadRecordings(format: RecordingFormat): readonly Recording[] {
  const folder = join(fixtures, format);
  return readdirSync(folder)
    .sort()
    .map((file) => readRecording(folder, file));
}

/**
 * Reads one recording.
 *
 * @param name - the file's name without its ending
 * @throws Error when there is no such recording
 */
export function loadRecording<Kind extends Recording["kind"]>(
  format: RecordingFormat,
  kind: Kind,
  name: string,
): Extract<Recording, { kind: Kind }> {
  const isWanted = (recording: Recording): recording is Extract<Recording, { kind: Kind }> =>
    recording.kind === kind && recording.name === name;
  const found = loadRecordings(format).find(isWanted);
  if (found === undefined) throw new Error(`there is no ${kind} recording ${format}/${name}`);
  return found;
}

function readRecording(folder: string, file: string): Recording {
  const text = readFileSync(join(folder, file), "utf8");
  if (file.endsWith(streamEnding))
    return { kind: "stream", name: file.slice(0, -streamEnding.length), chunks: nonEmptyLines(text) };
  if (file.endsWith(unaryEnding))
    return { kind: "unary", name: file.slice(0, -unaryEnding.length), json: text };
  throw new Error(`${file} is no recording: want a name that ends in ${unaryEnding} or ${streamEnding}`);
}

function nonEmptyLines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

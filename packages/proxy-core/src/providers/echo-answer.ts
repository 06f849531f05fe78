/**
 * What the echo provider answers.
 *
 * A token is a word here: a run of characters that are not white space. That is easy to predict in tests, and
 * never more than a text has bytes.
 *
 * @module
 */

import {
  type ChatMessage,
  type ChatRequest,
  type Content,
  type FinishReason,
  noUsage,
  type Part,
  ProxyError,
  type Tool,
} from "@llmproxy/spec";
import { exampleOf } from "./schema-example.ts";

/**
 * The most words of all choices together: as every word is a part, a request for many long answers would cost far
 * more to answer than to send.
 */
export const maxWords = 100_000;

/** The most characters of several choices together; one alone is never much longer than its request. */
const maxCharacters = 33_554_432;

/** An answer, word by word. */
export interface EchoAnswer {
  /** The parts, made as they are asked for. */
  readonly parts: Iterator<Part, undefined>;
  /** How many tokens the request has. */
  readonly inputTokens: number;
}

/** What an answer is made from. */
export interface EchoAnswerOptions {
  readonly chat: ChatRequest;
  /** Of the start part. */
  readonly id: string;
  readonly model: string;
  readonly createdAt: Date;
  /** How many words to answer with; as many as the last user message has when absent. */
  readonly tokens?: number | undefined;
}

/**
 * Makes an answer: the text of the last user message, or a call of the tool the request insists on with that text
 * as arguments.
 *
 * @throws `invalid_request` when the request insists on a tool that it does not have, or when all choices together
 *   would have more than {@link maxWords} words or, if there are several, 32 Mi characters
 */
export function createEchoAnswer(options: EchoAnswerOptions): EchoAnswer {
  const { chat } = options;
  const tool = requiredTool(chat);
  const text = lastUserText(chat);
  const said = tool
    ? JSON.stringify(tool.parameters ? exampleOf(tool.parameters, text) : { input: text })
    : untilStop(repeat(text, options.tokens), chat.sampling.stop ?? []);
  checkLength(chat, said);
  const inputTokens = countWords(chat.messages.flatMap(({ content }) => content));
  return { parts: allParts(options, { tool, said, inputTokens }), inputTokens };
}

interface Plan {
  readonly tool: Tool | undefined;
  /** The text, or the tool's arguments. */
  readonly said: string;
  readonly inputTokens: number;
}

function* allParts(options: EchoAnswerOptions, plan: Plan): Generator<Part, undefined> {
  const { chat, id, model, createdAt } = options;
  let outputTokens = 0;
  yield { type: "start", id, model, createdAt };
  for (let choice = 0; choice < (chat.sampling.choices ?? 1); choice += 1)
    outputTokens += yield* choiceParts(choice, plan, chat.maxOutputTokens ?? Infinity);
  yield { type: "usage", usage: { ...noUsage, inputTokens: plan.inputTokens, outputTokens } };
}

/** @returns how many words there were */
function* choiceParts(choice: number, { tool, said }: Plan, limit: number): Generator<Part, number> {
  if (tool) yield startCall(choice, tool);
  let count = 0;
  let reason: FinishReason = tool ? "tool-calls" : "stop";
  for (const word of words(said)) {
    if (count === limit) {
      reason = "length";
      break;
    }
    count += 1;
    yield tool
      ? { type: "tool-call-delta", choice, index: 0, arguments: word }
      : { type: "text-delta", choice, text: word };
  }
  yield { type: "finish", choice, reason };
  return count;
}

function checkLength({ sampling, maxOutputTokens }: ChatRequest, said: string): void {
  const { choices = 1 } = sampling;
  const limit = Math.min(maxOutputTokens ?? Infinity, maxWords + 1);
  let count = 0;
  let length = 0;
  for (const word of words(said)) {
    if (count === limit) break;
    count += 1;
    length += word.length;
  }
  if (count > maxWords) throw tooLong("messages", `an answer of at most ${maxWords} words`);
  if (choices === 1) return;
  checkTotal(choices, count, { unit: "words", most: maxWords });
  checkTotal(choices, length, { unit: "characters", most: maxCharacters });
}

function checkTotal(choices: number, each: number, { unit, most }: { unit: string; most: number }): void {
  if (choices * each <= most) return;
  const fitting = Math.max(1, Math.floor(most / each));
  throw tooLong("n", `at most ${fitting} for an answer of ${each} ${unit}, as all together may have ${most}`);
}

function tooLong(field: "messages" | "n", what: string): ProxyError {
  return new ProxyError("invalid_request", `${field}: expected ${what}`, { field });
}

function startCall(choice: number, { name }: Tool): Part {
  return { type: "tool-call-start", choice, index: 0, id: `call_echo_${choice}`, name };
}

function requiredTool({ tools = [], toolChoice }: ChatRequest): Tool | undefined {
  if (toolChoice?.type !== "required" && toolChoice?.type !== "tool") return undefined;
  const wanted = toolChoice.type === "tool" ? toolChoice.name : undefined;
  const tool = tools.find(({ name }) => wanted === undefined || name === wanted);
  if (tool) return tool;
  const what = wanted === undefined ? "at least one tool in tools" : `a tool named "${wanted}" in tools`;
  throw new ProxyError("invalid_request", `tool_choice: expected ${what}`, { field: "tool_choice" });
}

/** In some dialects it is the user who brings the results of tools: what was said before them is answered. */
function lastUserText({ messages }: ChatRequest): string {
  const said = messages.filter(({ role }) => role === "user");
  const isSpoken = ({ content }: ChatMessage): boolean => content.some(({ type }) => type !== "tool-result");
  const message = said.findLast(isSpoken) ?? said.at(-1);
  return (message?.content ?? [])
    .filter((content) => content.type === "text")
    .map(({ text }) => text)
    .join("\n");
}

/** `count` words: those of the text, from the first again after the last. */
function repeat(text: string, count: number | undefined): string {
  if (count === undefined) return text;
  const own = text.match(/\S+/g) ?? ["echo"];
  return Array.from({ length: count }, (_, index) => own[index % own.length]).join(" ");
}

function untilStop(text: string, stops: readonly string[]): string {
  const ends = stops.filter((stop) => stop !== "").map((stop) => text.indexOf(stop));
  return text.slice(0, Math.min(text.length, ...ends.filter((end) => end !== -1)));
}

/** The words of a text, each with the white space before it and the last with that after it. */
function* words(text: string): Generator<string, undefined> {
  for (const [word] of text.matchAll(/\s*\S+(?:\s+$)?/g)) yield word;
}

function countWords(contents: readonly Content[]): number {
  let count = 0;
  for (const content of contents) {
    if (content.type === "tool-result") count += countWords(content.content);
    else if ("text" in content) for (const _ of content.text.matchAll(/\S+/g)) count += 1;
  }
  return count;
}

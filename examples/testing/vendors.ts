/**
 * The vendors the examples ask in tests.
 *
 * @module
 */

import {
  type AnswerScript,
  answerByPath,
  anthropicModels,
  createFakeUpstream,
  type FakeUpstream,
  openaiModels,
} from "@llmproxy/testing";

/** A fake OpenAI and a fake Anthropic. */
export interface Vendors extends AsyncDisposable {
  readonly openai: FakeUpstream;
  readonly anthropic: FakeUpstream;
  /** The variables by which an example finds them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Says what chat requests are answered from now on. */
  answer(scripts: { readonly openai?: AnswerScript; readonly anthropic?: AnswerScript }): void;
}

/** Starts both. */
export async function startVendors(): Promise<Vendors> {
  const openai = await createFakeUpstream();
  const anthropic = await createFakeUpstream();
  const answer: Vendors["answer"] = (scripts) => {
    const chat = scripts.openai && { "/chat/completions": scripts.openai };
    openai.respond(answerByPath({ "/models": openaiModels([]), ...chat }));
    const messages = scripts.anthropic && { "/messages": scripts.anthropic };
    anthropic.respond(answerByPath({ "/models": anthropicModels([]), ...messages }));
  };
  answer({});
  return {
    openai,
    anthropic,
    answer,
    environment: {
      OPENAI_API_KEY: "sk-of-the-example",
      OPENAI_BASE_URL: `${openai.url}/v1`,
      ANTHROPIC_API_KEY: "sk-ant-of-the-example",
      ANTHROPIC_BASE_URL: anthropic.url,
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([openai.close(), anthropic.close()]);
    },
  };
}

/**
 * Upstreams of two vendors that behave like a model which knows the weather: asked with tools it calls one, told the
 * tool's result it answers in text.
 *
 * @module
 */

import {
  type AnswerScript,
  answerByPath,
  anthropicError,
  anthropicMessages,
  anthropicModels,
  anthropicTokenCount,
  createFakeUpstream,
  type FakeUpstream,
  jsonAnswer,
  openaiChat,
  openaiDone,
  openaiError,
  openaiEvent,
  openaiModels,
  type ReceivedRequest,
} from "@llmproxy/testing";

/** What the model says in the end. */
export const answerText = "It is sunny in Oslo";

/** The dialect an upstream speaks. */
export type Vendor = "openai" | "anthropic";

/** The upstream's path of conversations. */
export const chatPaths: Readonly<Record<Vendor, string>> = {
  openai: "/v1/chat/completions",
  anthropic: "/v1/messages",
};

/** Starts an upstream of a vendor. */
export async function modelUpstream(vendor: Vendor): Promise<FakeUpstream> {
  const upstream = await createFakeUpstream();
  upstream.respond(vendor === "openai" ? openaiModel : anthropicModel);
  return upstream;
}

/** Makes every conversation fail with a status. */
export function failWith(upstream: FakeUpstream, vendor: Vendor, status: number): void {
  const error = { message: "the vendor's own words" };
  upstream.respond(
    vendor === "openai"
      ? answerByPath({ "/chat/completions": openaiError(error, { status }), "/models": openaiModels([]) })
      : answerByPath({ "/messages": anthropicError(error, { status }), "/models": anthropicModels([]) }),
  );
}

/** The provider's section of a configuration. */
export function providerOf(upstream: FakeUpstream, vendor: Vendor): Record<string, unknown> {
  return {
    name: "up",
    kind: vendor === "openai" ? "openai-compatible" : "anthropic",
    base_url: `${upstream.url}/v1`,
    api_key: "sk-upstream-0123456789",
    allow_private: true,
  };
}

/** The conversations an upstream was sent, oldest first. */
export function conversations(upstream: FakeUpstream, vendor: Vendor): readonly ReceivedRequest[] {
  return upstream.requests.filter(({ path }) => path === chatPaths[vendor]);
}

const anthropicModel: AnswerScript = answerByPath({
  "/messages/count_tokens": anthropicTokenCount(42),
  "/messages": (request) => {
    const { tools, messages } = request.json() as { tools?: unknown; messages: unknown };
    const isTold = JSON.stringify(messages).includes('"tool_result"');
    const script =
      tools && !isTold
        ? anthropicMessages({
            text: "Let me see.",
            toolUses: [{ id: "toolu_1", name: "weather", input: { city: "Oslo" } }],
          })
        : anthropicMessages({ text: answerText, thinking: "Sun, surely." });
    return typeof script === "function" ? script(request) : script;
  },
  "/models": anthropicModels(["claude"]),
});

const openaiModel: AnswerScript = answerByPath({
  "/chat/completions": (request) => {
    const { tools, messages, stream } = request.json() as {
      tools?: unknown;
      messages: readonly { role: string }[];
      stream?: boolean;
    };
    if (tools && messages.at(-1)?.role !== "tool") return toolCall(stream === true);
    const script = openaiChat({ text: answerText });
    return typeof script === "function" ? script(request) : script;
  },
  "/models": openaiModels(["gpt"]),
});

const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
const head = { id: "chatcmpl-1", created: 1_767_225_600, model: "gpt" };
const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };

function toolCall(isStream: boolean) {
  if (!isStream) {
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: "tool_calls" }];
    return jsonAnswer({ ...head, object: "chat.completion", choices, usage });
  }
  const began = { ...call, index: 0, function: { name: "weather", arguments: "" } };
  const more = (text: string): object => ({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  const deltas = [
    { role: "assistant", content: null, tool_calls: [began] },
    more('{"city":'),
    more('"Oslo"}'),
  ];
  const chunks = [
    ...deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] })),
    { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] },
    { choices: [], usage },
  ];
  const events = chunks.map((chunk) =>
    openaiEvent(JSON.stringify({ ...head, object: "chat.completion.chunk", ...chunk })),
  );
  return { stream: [...events, openaiDone] };
}

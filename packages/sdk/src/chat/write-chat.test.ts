import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ChatMessageSchema, ChatSchema, ContentSchema } from "@llmproxy/proto";
import { describe, expect, it } from "vitest";
import type { ChatInput, ContentInput } from "./chat-input.ts";
import { writeChat } from "./write-chat.ts";

/** The message as a server decodes it. */
const sent = (input: ChatInput) =>
  fromBinary(ChatSchema, toBinary(ChatSchema, create(ChatSchema, writeChat(input))));

describe("writeChat", () => {
  it("puts what the system says first and what the person says last", () => {
    const said = (text: string) => ({ role: "assistant", content: text }) as const;
    const { messages } = sent({ system: "a", messages: [said("b"), said("c")], user: "d" });
    expect(messages.map(({ role, content }) => [role, content[0]?.kind.value])).toEqual([
      [1, "a"],
      [4, "b"],
      [4, "c"],
      [3, "d"],
    ]);
  });

  it.each([
    ["system", 1],
    ["developer", 2],
    ["user", 3],
    ["assistant", 4],
    ["tool", 5],
  ] as const)("says who speaks: %s", (role, number) => {
    expect(sent({ messages: [{ role, content: [], name: "ann" }] }).messages).toMatchObject([
      { role: number, content: [], name: "ann" },
    ]);
  });

  it.each<[ContentInput, object]>([
    ["x", { case: "text", value: "x" }],
    [
      { type: "text", text: "x" },
      { case: "text", value: "x" },
    ],
    [
      { type: "image", url: "https://a.example/b.png", detail: "low" },
      {
        case: "image",
        value: { source: { location: { case: "url", value: "https://a.example/b.png" } }, detail: "low" },
      },
    ],
    [
      { type: "audio", data: new Uint8Array([1, 2]), mediaType: "audio/wav", format: "wav" },
      {
        case: "audio",
        value: {
          source: { location: { case: "data", value: new Uint8Array([1, 2]) }, mediaType: "audio/wav" },
          format: "wav",
        },
      },
    ],
    [
      { type: "file", fileId: "file-1", filename: "a.pdf" },
      {
        case: "file",
        value: { source: { location: { case: "fileId", value: "file-1" } }, filename: "a.pdf" },
      },
    ],
    [
      { type: "tool-result", callId: "1", content: ["a", { type: "text", text: "b" }], isError: true },
      {
        case: "toolResult",
        value: { callId: "1", isError: true, content: [{ kind: { value: "a" } }, { kind: { value: "b" } }] },
      },
    ],
    [
      create(ContentSchema, { kind: { case: "reasoning", value: { text: "hm", signature: "s" } } }),
      { case: "reasoning", value: { text: "hm", signature: "s" } },
    ],
  ])("says %o", (content, kind) => {
    expect(sent({ user: [content] }).messages[0]?.content[0]?.kind).toMatchObject(kind);
  });

  it("takes messages of the proto as they are", () => {
    const message = create(ChatMessageSchema, { role: 4, extensions: { "openai-chat": { prefix: true } } });
    expect(sent({ messages: [message] }).messages[0]).toEqual(message);
  });

  it("says how to answer", () => {
    const parameters = { type: "object", properties: { city: { type: "string", default: undefined } } };
    expect(
      sent({
        model: "fast",
        user: "x",
        tools: [{ name: "weather", description: "tells it", parameters, strict: true }, { name: "plain" }],
        toolChoice: { name: "weather" },
        parallelToolCalls: false,
        temperature: 0,
        topP: 0.5,
        presencePenalty: -1,
        frequencyPenalty: 1,
        stop: ["END"],
        seed: 42,
        maxOutputTokens: 10,
        reasoningEffort: "low",
        endUser: "u",
        extensions: { "openai-chat": { top_k: 40, gone: undefined, list: [{ a: 1 }] } },
      }),
    ).toMatchObject({
      model: "fast",
      tools: [
        {
          name: "weather",
          description: "tells it",
          parameters: { type: "object", properties: { city: { type: "string" } } },
          strict: true,
        },
        { name: "plain" },
      ],
      toolChoice: { kind: { case: "toolName", value: "weather" } },
      parallelToolCalls: false,
      sampling: {
        temperature: 0,
        topP: 0.5,
        presencePenalty: -1,
        frequencyPenalty: 1,
        stop: ["END"],
        seed: 42n,
      },
      maxOutputTokens: 10,
      reasoningEffort: "low",
      user: "u",
      extensions: { "openai-chat": { top_k: 40, list: [{ a: 1 }] } },
    });
  });

  it.each([
    ["auto", 1],
    ["none", 2],
    ["required", 3],
  ] as const)("says that the choice of tools is %s", (toolChoice, value) => {
    expect(sent({ user: "x", toolChoice }).toolChoice?.kind).toEqual({ case: "mode", value });
  });

  it("leaves everything else to the server", () => {
    const chat = sent({ user: "x" });
    expect(chat).toMatchObject({ model: "", tools: [], extensions: {} });
    for (const name of ["toolChoice", "responseFormat", "maxOutputTokens", "user", "parallelToolCalls"])
      expect(chat).not.toHaveProperty([name], expect.anything());
  });

  it("names the schema of the answer", () => {
    const schema = { type: "object" };
    expect(sent({ user: "x", schema, schemaName: "n", strict: false }).responseFormat?.kind).toMatchObject({
      case: "jsonSchema",
      value: { name: "n", schema, strict: false },
    });
  });
});

import { type DialectName, type JsonObject, type JsonValue, ProxyError } from "@llmproxy/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isArray, isObject } from "../json/value.ts";
import { dialects } from "./dialects.ts";
import { translateRequest } from "./translate.ts";

const { "openai-chat": openai, "anthropic-messages": anthropic } = dialects;

function translated(json: JsonObject, from: DialectName, to: DialectName): JsonObject {
  return translateRequest(dialects[from].readRequest(json), dialects[to], { from });
}

const text = fc.string({ minLength: 1, maxLength: 8 });
const id = fc.stringMatching(/^[a-z]{1,6}$/);
const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
});
const optional = <T extends object>(members: { [Name in keyof T]: fc.Arbitrary<T[Name]> }) =>
  fc.record(members, { requiredKeys: [] });
const asJson = (value: object): JsonObject => JSON.parse(JSON.stringify(value));

describe("translateRequest there and back", () => {
  it("keeps what both dialects can say", () => {
    fc.assert(
      fc.property(sharedRequest(), (json) => {
        const there = translated(json, "openai-chat", "anthropic-messages");
        const back = translated(there, "anthropic-messages", "openai-chat");
        expect(meaning(back)).toEqual(meaning(json));
        // A second time nothing is left to change.
        const again = translated(back, "openai-chat", "anthropic-messages");
        expect(meaning(translated(again, "anthropic-messages", "openai-chat"))).toEqual(meaning(json));
      }),
      { numRuns: 200 },
    );
  });
});

describe("the dialects' own requests", () => {
  it("are read from what was written as they were", () => {
    fc.assert(
      fc.property(sharedRequest(), (json) => {
        const chat = openai.readRequest(json);
        expect(openai.readRequest(openai.writeRequest(chat))).toEqual(chat);
        const other = anthropic.readRequest(translated(json, "openai-chat", "anthropic-messages"));
        expect(anthropic.readRequest(anthropic.writeRequest(other))).toEqual(other);
      }),
      { numRuns: 200 },
    );
  });

  it("of Anthropic lose nothing, whatever is in them", () => {
    fc.assert(
      fc.property(anthropicRequest(), (json) => {
        expect(asJson(anthropic.writeRequest(anthropic.readRequest(json)))).toEqual(json);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what cannot be said", () => {
  it.each([
    ["openai-chat", "anthropic-messages", openaiRequest()],
    ["anthropic-messages", "openai-chat", anthropicRequest()],
  ] as const)("of %s is named by a path that is in the request", (from, to, requests) => {
    let refused = 0;
    fc.assert(
      fc.property(requests, (json) => {
        const field = refusedField(() => translated(json, from, to));
        if (field === undefined) return;
        refused += 1;
        expect([field, at(json, field)]).not.toEqual([field, undefined]);
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});

function refusedField(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!ProxyError.is(error) || error.code !== "invalid_request") throw error;
    return error.field ?? "";
  }
}

/** The value at a path such as `messages[1].content[0].text`. */
function at(json: JsonValue, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = json;
  for (const [, name, index] of path.matchAll(/\.?([^.[\]]+)|\[(\d+)\]/g)) {
    if (name !== undefined) value = isObject(value) ? value[name] : undefined;
    else value = isArray(value) ? value[Number(index)] : undefined;
  }
  return value;
}

/** What an OpenAI request says, whatever its form: who says what in which order, and the settings. */
function meaning({ messages, ...settings }: JsonObject): unknown {
  const said = (isArray(messages) ? messages : []).filter(isObject).flatMap((message) => {
    const role = message.role === "developer" ? "system" : message.role;
    const content = isArray(message.content)
      ? message.content
      : [{ type: "text", text: message.content ?? "" }];
    const answers = message.tool_call_id;
    const calls = (isArray(message.tool_calls) ? message.tool_calls : []).map((call) => ({ role, call }));
    const parts = content.filter((part) => !isObject(part) || part.text !== "");
    return [...parts.map((part) => ({ role, answers, part })), ...calls];
  });
  return { ...settings, said: inTurns(said) };
}

/** Instructions behind what the user says in the same turn, as Anthropic takes them; the first are the prompt. */
function inTurns(said: readonly { role?: JsonValue | undefined }[]): readonly object[] {
  const start = said.findIndex(({ role }) => role !== "system");
  const ordered: object[] = said.slice(0, start);
  let instructions: object[] = [];
  for (const item of said.slice(start)) {
    if (item.role === "system") instructions.push(item);
    else if (item.role !== "assistant") ordered.push(item);
    else {
      ordered.push(...instructions, item);
      instructions = [];
    }
  }
  return [...ordered, ...instructions];
}

/** A request of an OpenAI client that has nothing in it only OpenAI can say. */
function sharedRequest(): fc.Arbitrary<JsonObject> {
  const part = fc.oneof(
    fc.record({ type: fc.constant("text"), text }),
    fc
      .constantFrom("https://a/b.png", "data:image/png;base64,AA==")
      .map((url) => ({ type: "image_url", image_url: { url } })),
    fc.record({
      type: fc.constant("file"),
      file: fc.record({ file_data: fc.constant("data:application/pdf;base64,JVBERi0="), filename: text }),
    }),
  );
  const texts = fc.oneof(
    text,
    fc.array(fc.record({ type: fc.constant("text"), text }), { minLength: 1, maxLength: 3 }),
  );
  const call = fc.record({
    id,
    type: fc.constant("function"),
    function: fc.record({ name: id, arguments: object.map((value) => JSON.stringify(value)) }),
  });
  const turn = fc.oneof(
    fc.record({
      role: fc.constant("user"),
      content: fc.oneof(text, fc.array(part, { minLength: 1, maxLength: 3 })),
    }),
    fc.record({ role: fc.constant("assistant"), content: texts }),
    fc.record({ role: fc.constant("assistant"), tool_calls: fc.array(call, { minLength: 1, maxLength: 3 }) }),
    fc.record({
      role: fc.constant("assistant"),
      content: text,
      tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ role: fc.constant("tool"), tool_call_id: id, content: texts }),
  );
  const instruction = fc.record({ role: fc.constantFrom("system", "developer"), content: texts });
  const instructed = fc.tuple(fc.array(instruction, { maxLength: 2 }), turn).map(([instructions, said]) => {
    const isUsers = said.role === "user" || said.role === "tool";
    return isUsers ? [...instructions, said, ...instructions] : [said];
  });
  const tools = fc.array(
    fc.record({
      type: fc.constant("function"),
      function: fc
        .tuple(
          fc.record({ name: id, parameters: object.map((members) => ({ ...members, type: "object" })) }),
          optional({ description: text, strict: fc.boolean() }),
        )
        .map(([required, others]) => ({ ...required, ...others })),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const choice = fc.oneof(
    fc.constantFrom("auto", "required"),
    id.map((name) => ({ type: "function", function: { name } })),
  );
  const toolSettings = fc.oneof(
    fc.constant({}),
    fc.record({ tools }),
    fc.record({ tools, tool_choice: fc.oneof(choice, fc.constant("none")) }),
    fc.record({ tools, tool_choice: choice, parallel_tool_calls: fc.boolean() }),
  );
  const settings = optional({
    temperature: fc.constantFrom(0, 0.5),
    top_p: fc.constantFrom(0.1, 0.9),
    stop: fc.array(text, { minLength: 1, maxLength: 3 }),
    user: text,
    reasoning_effort: fc.constantFrom("low", "medium", "high", "xhigh", "max"),
  });
  return fc
    .tuple(
      fc.array(instruction, { maxLength: 2 }),
      fc.array(instructed, { minLength: 1, maxLength: 6 }),
      toolSettings,
      settings,
      fc.integer({ min: 1, max: 99 }),
    )
    .map(([prompt, turns, chosen, others, max_completion_tokens]) =>
      asJson({
        model: "m",
        messages: [...prompt, { role: "user", content: "first" }, ...turns.flat()],
        max_completion_tokens,
        ...chosen,
        ...others,
      }),
    );
}

/** A request of an OpenAI client with things Anthropic cannot say, or not in this form. */
function openaiRequest(): fc.Arbitrary<JsonObject> {
  const part = fc.oneof(
    fc.record({ type: fc.constant("text"), text }),
    fc.constant({ type: "input_audio", input_audio: { data: "AA==", format: "wav" } }),
    fc.constant({ type: "file", file: { file_id: "f" } }),
    fc.constant({ type: "image_url", image_url: { url: "data:image/svg+xml,x" } }),
    fc.constant({ type: "image_url", image_url: { url: "https://a" } }),
    fc.constant({ type: "video_url", video_url: {} }),
  );
  const content = fc.oneof(text, fc.array(part, { maxLength: 3 }));
  const call = fc.oneof(
    fc.record({ id, function: fc.record({ name: id, arguments: fc.constantFrom("{}", "", "{", "1") }) }),
    fc.record({ id, type: fc.constant("custom"), custom: object }),
  );
  const message = fc.oneof(
    fc.record({ role: fc.constantFrom("system", "user"), content, name: fc.option(id) }),
    fc.record({ role: fc.constant("tool"), tool_call_id: id, content }),
    fc.constant({ role: "function", name: "f", content: "x" }),
    fc
      .tuple(
        fc.constant({ role: "assistant" }),
        optional({
          content,
          refusal: text,
          reasoning_content: text,
          audio: fc.constant({ id: "a" }),
          tool_calls: fc.array(call, { maxLength: 3 }),
          function_call: object,
          prefix: fc.boolean(),
        }),
      )
      .map(([role, members]) => ({ ...role, ...members })),
  );
  const settings = optional({
    n: fc.constantFrom(1, 2),
    seed: fc.constant(1),
    logprobs: fc.boolean(),
    logit_bias: object,
    temperature: fc.constantFrom(0.5, 1.5),
    presence_penalty: fc.constantFrom(0, 1),
    response_format: fc.constantFrom({ type: "json_object" }, { type: "text" }, { type: "x" }),
    tool_choice: fc.constantFrom("auto", "any", { type: "allowed_tools" }),
    tools: fc.constantFrom([], [{ type: "custom" }], [{ type: "function", function: { name: "f" } }]),
    max_tokens: fc.constant(5),
    x_unknown: fc.jsonValue({ maxDepth: 1 }),
  });
  return fc
    .tuple(fc.array(message, { minLength: 1, maxLength: 4 }), settings)
    .map(([messages, members]) => asJson({ model: "m", messages, ...members }));
}

/** A request of an Anthropic client with members and blocks known and unknown. */
function anthropicRequest(): fc.Arbitrary<JsonObject> {
  const cached = optional({
    cache_control: fc.option(fc.constant({ type: "ephemeral" })),
    x_unknown: object,
  });
  const block = (known: fc.Arbitrary<object>) =>
    fc.tuple(known, cached).map(([members, others]) => ({ ...others, ...members }));
  const source = fc.oneof(
    fc.constant({ type: "base64", media_type: "application/pdf", data: "AA==" }),
    text.map((data) => ({ type: "text", media_type: "text/plain", data })),
    fc.constant({ type: "url", url: "https://a", x_unknown: 1 }),
    fc.constant({ type: "file", file_id: "f" }),
    fc.record({ type: fc.constant("content"), content: text }),
  );
  const shown = fc.oneof(
    block(fc.record({ type: fc.constant("text"), text: fc.string({ maxLength: 3 }) })),
    block(fc.record({ type: fc.constant("image"), source })),
    block(
      fc.record(
        { type: fc.constant("document"), source, title: fc.option(text), context: fc.option(text) },
        { requiredKeys: ["type", "source"] },
      ),
    ),
    block(fc.record({ type: fc.constantFrom("search_result", "tool_reference"), title: text })),
  );
  const texts = fc.oneof(fc.string({ maxLength: 3 }), fc.array(shown, { maxLength: 3 }));
  const content = fc.oneof(
    texts,
    fc.array(
      fc.oneof(
        shown,
        block(fc.record({ type: fc.constant("tool_use"), id, name: id, input: object })),
        block(
          fc.record(
            { type: fc.constant("tool_result"), tool_use_id: id, content: texts, is_error: fc.boolean() },
            { requiredKeys: ["type", "tool_use_id"] },
          ),
        ),
        fc.record(
          { type: fc.constant("thinking"), thinking: text, signature: fc.string({ maxLength: 3 }) },
          { requiredKeys: ["type", "thinking"] },
        ),
        fc.record({ type: fc.constant("redacted_thinking"), data: text }),
      ),
      { maxLength: 4 },
    ),
  );
  const message = fc.record({ role: fc.constantFrom("user", "assistant", "system"), content });
  const tool = fc.oneof(
    block(fc.record({ name: id, input_schema: object, strict: fc.option(fc.boolean()) })),
    fc.record({ type: fc.constantFrom("web_search_20250305", "custom"), name: id, input_schema: object }),
  );
  const settings = optional({
    system: fc.oneof(fc.constant(null), texts),
    temperature: fc.option(fc.constantFrom(0, 1)),
    top_k: fc.nat(5),
    stop_sequences: fc.option(fc.array(text, { maxLength: 2 })),
    stream: fc.option(fc.boolean()),
    metadata: optional({ user_id: fc.option(text), x_unknown: object }),
    thinking: fc.constantFrom({ type: "disabled" }, { type: "enabled", budget_tokens: 1024 }),
    output_config: optional({
      effort: fc.option(fc.constantFrom("low", "max")),
      format: fc.constantFrom(null, { type: "json_schema", schema: {} }, { type: "x" }),
      x_unknown: object,
    }),
    context_management: object,
    x_unknown: fc.jsonValue({ maxDepth: 1 }),
  });
  const toolSettings = fc.oneof(
    fc.constant({}),
    fc.record(
      {
        tools: fc.array(tool, { minLength: 1, maxLength: 2 }),
        tool_choice: fc.oneof(
          fc.constant(null),
          fc.record(
            {
              type: fc.constantFrom("auto", "any", "later"),
              disable_parallel_tool_use: fc.boolean(),
              x_unknown: text,
            },
            { requiredKeys: ["type"] },
          ),
          fc.constant({ type: "none" }),
          id.map((name) => ({ type: "tool", name })),
        ),
      },
      { requiredKeys: ["tools"] },
    ),
  );
  return fc
    .tuple(fc.array(message, { minLength: 1, maxLength: 4 }), settings, toolSettings, fc.nat(9))
    .map(([messages, members, chosen, max_tokens]) =>
      asJson({ model: "m", max_tokens, messages, ...members, ...chosen }),
    );
}

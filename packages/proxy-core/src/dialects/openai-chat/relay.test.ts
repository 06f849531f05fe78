import { describe, expect, it } from "vitest";
import { readJsonBody } from "../../json/read.ts";
import type { RelayOptions } from "../dialect.ts";
import { relayRequest } from "./relay.ts";

function relay(text: string, options: Partial<RelayOptions> = {}): string {
  const { body } = readJsonBody(Buffer.from(text), { dialect: "openai-chat" });
  return Buffer.concat(
    relayRequest(body, { model: "vendor-model", askForUsage: false, ...options }),
  ).toString();
}

describe("relayRequest", () => {
  it("replaces nothing but the model's name", () => {
    const text =
      '{\n  "seed": 9007199254740993,\t"model" : "fast" ,\r\n "x": 1.0e+2, "nested": {"model":"fast"}, "text": "é \\u00e9" }\n';
    expect(relay(text)).toBe(text.replace('"model" : "fast"', '"model" : "vendor-model"'));
  });

  it("sends the client's own bytes where the model has the same name", () => {
    const bytes = Buffer.from('{"model":"vendor-model","messages":[]}');
    const { body } = readJsonBody(bytes, { dialect: "openai-chat" });
    expect(relayRequest(body, { model: "vendor-model", askForUsage: false })).toEqual([bytes]);
    expect(relayRequest(body, { model: "vendor-model", askForUsage: false })[0]).toBe(bytes);
  });

  it("copies no bytes of the body", () => {
    const bytes = Buffer.from(`{"model":"fast","x":"${"x".repeat(10_000)}"}`);
    const { body } = readJsonBody(bytes, { dialect: "openai-chat" });
    const slices = relayRequest(body, { model: "m", askForUsage: false });
    expect(slices.map((slice) => slice.buffer === bytes.buffer && slice.length > 8)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it.each<[string, string, string]>([
    ["the model at the end", '{"a":1,"model":"x"}', '{"a":1,"model":"vendor-model"}'],
    ["the model alone", '{"model":"x"}', '{"model":"vendor-model"}'],
    ["a name written with escapes", '{"mod\\u0065l":"x"}', '{"mod\\u0065l":"vendor-model"}'],
    ["a model that is no text", '{"model":null}', '{"model":"vendor-model"}'],
    ["no model", '{ "a":1}', '{"model":"vendor-model", "a":1}'],
    ["nothing at all", " {} ", ' {"model":"vendor-model"} '],
  ])("names the model where there is %s", (_, text, expected) => {
    expect(relay(text)).toBe(expected);
  });

  it("writes names that need escapes", () => {
    expect(JSON.parse(relay('{"model":"x"}', { model: 'a "b"\n é' }))).toEqual({ model: 'a "b"\n é' });
  });

  const usage = '"stream_options":{"include_usage":true}';
  it.each<[string, string, string]>([
    [
      "there are no options",
      '{"model":"vendor-model","stream":true}',
      `{${usage},"model":"vendor-model","stream":true}`,
    ],
    [
      "the model is to be named too",
      '{"stream":true,"model":"x"}',
      `{${usage},"stream":true,"model":"vendor-model"}`,
    ],
    ["there is no model either", '{"stream":true}', `{"model":"vendor-model",${usage},"stream":true}`],
    [
      "the options are null",
      '{"stream_options":null,"model":"vendor-model","stream":true}',
      `{${usage},"model":"vendor-model","stream":true}`,
    ],
    [
      "the options say no",
      '{"model":"x","stream":true,"stream_options": {"include_usage":false}}',
      '{"model":"vendor-model","stream":true,"stream_options": {"include_usage":true}}',
    ],
    [
      "there are other options",
      '{"model":"vendor-model","stream":true,"stream_options":{ "include_obfuscation":false }}',
      '{"model":"vendor-model","stream":true,"stream_options":{"include_usage":true, "include_obfuscation":false }}',
    ],
    [
      "the options are empty",
      '{"model":"x","stream":true,"stream_options": { } }',
      '{"model":"vendor-model","stream":true,"stream_options": {"include_usage":true } }',
    ],
    [
      "the options have numbers and names that another writer would change",
      '{"stream":true,"stream_options":{"a":9007199254740993, "b":1.0e+2,"a":-0,"t":"\\u00e9"},"model":"x"}',
      '{"stream":true,"stream_options":{"include_usage":true,"a":9007199254740993, "b":1.0e+2,"a":-0,"t":"\\u00e9"},"model":"vendor-model"}',
    ],
    [
      "the options say no among others",
      '{"stream":true,"stream_options":{"a":1.0, "include_usage" : null ,"b":{"include_usage":false}},"model":"x"}',
      '{"stream":true,"stream_options":{"a":1.0, "include_usage" : true ,"b":{"include_usage":false}},"model":"vendor-model"}',
    ],
    [
      "the options spell the member with an escape",
      '{"stream":true,"stream_options":{"include\\u005fusage":false},"model":"x"}',
      '{"stream":true,"stream_options":{"include\\u005fusage":true},"model":"vendor-model"}',
    ],
    [
      "the options say yes and no",
      '{"stream":true,"stream_options":{"include_usage":true,"include_usage":false},"model":"x"}',
      '{"stream":true,"stream_options":{"include_usage":true,"include_usage":true},"model":"vendor-model"}',
    ],
  ])("asks for usage where %s", (_, text, expected) => {
    expect(relay(text, { askForUsage: true })).toBe(expected);
  });

  it.each<[string, string]>([
    [
      "the client has asked itself",
      '{"model":"vendor-model","stream":true,"stream_options":{ "include_usage" : true }}',
    ],
    ["the answer is no stream", '{"model":"vendor-model","stream":false}'],
    ["nothing is said of a stream", '{"model":"vendor-model"}'],
  ])("does not ask for usage where %s", (_, text) => {
    expect(relay(text, { askForUsage: true })).toBe(text);
  });

  it("works on a view into a larger buffer", () => {
    const whole = Buffer.from('junk{"stream":true,"model":"x"}junk');
    const { body } = readJsonBody(whole.subarray(4, -4), { dialect: "openai-chat" });
    const slices = relayRequest(body, { model: "y", askForUsage: true });
    expect(Buffer.concat(slices).toString()).toBe(`{${usage},"stream":true,"model":"y"}`);
  });
});

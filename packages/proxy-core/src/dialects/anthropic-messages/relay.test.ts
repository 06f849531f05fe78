import { describe, expect, it } from "vitest";
import { readJsonBody } from "../../json/read.ts";
import { relayRequest } from "./relay.ts";

function relayed(json: string, model: string): string {
  const { body } = readJsonBody(Buffer.from(json), { dialect: "anthropic-messages" });
  return Buffer.concat(relayRequest(body, { model, askForUsage: true })).toString();
}

describe("relayRequest", () => {
  it("replaces the model's name and nothing else", () => {
    const json = ' { "max_tokens": 1e2, "model" : "fast", "x": 12345678901234567890, "stream":true }';
    expect(relayed(json, 'claude-"x"')).toBe(json.replace('"fast"', '"claude-\\"x\\""'));
  });

  it("leaves a request alone that names the vendor's model", () => {
    const json = '{"model":"cl\\u0061ude","messages":[]}';
    expect(relayed(json, "claude")).toBe(json);
  });

  it("adds the model where the client names none", () => {
    expect(relayed('{"messages":[]}', "m")).toBe('{"model":"m","messages":[]}');
  });
});

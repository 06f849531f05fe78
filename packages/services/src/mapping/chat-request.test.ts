import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ExecuteRequestSchema } from "@llmproxy/proto";
import { describe, expect, it } from "vitest";
import { readChatRequest } from "./chat-request.ts";

const read = (init: MessageInitShape<typeof ExecuteRequestSchema>) =>
  readChatRequest(create(ExecuteRequestSchema, init), "fast", true);

describe("readChatRequest", () => {
  it("joins the fragments of each side by blank lines", () => {
    expect(
      read({ systemFragments: ["Be brief.", "Be kind."], userFragments: ["Hello", "", "there"] }),
    ).toEqual({
      model: "fast",
      messages: [
        { role: "system", content: [{ type: "text", text: "Be brief.\n\nBe kind." }] },
        { role: "user", content: [{ type: "text", text: "Hello\n\n\n\nthere" }] },
      ],
      sampling: {},
      stream: true,
      includeUsage: true,
    });
  });

  it.each([
    ["system", { systemFragments: ["Say hello."] }],
    ["user", { userFragments: ["Hello"] }],
  ])("makes no message of a side without fragments: only %s", (role, init) => {
    expect(read(init).messages.map((message) => message.role)).toEqual([role]);
  });

  it("refuses a prompt of nothing", () => {
    expect(() => read({})).toThrow(
      expect.objectContaining({ code: "invalid_request", field: "user_fragments" }),
    );
  });

  it("asks for an answer that follows the schema", () => {
    const schema = { type: "object", properties: { n: { type: "number" } } };
    expect(
      read({ userFragments: ["n?"], responseModelSchema: JSON.stringify(schema) }).responseFormat,
    ).toEqual({
      type: "json-schema",
      name: "response",
      schema,
    });
  });

  it("takes an empty schema for none", () => {
    expect(read({ userFragments: ["n?"], responseModelSchema: "" })).not.toHaveProperty("responseFormat");
  });
});

import OpenAI from "openai";
import { expect, it } from "vitest";
import { fromSource } from "../testing/start-example.ts";
import { describeHost } from "../testing/suite.ts";

describeHost({ example: "express", args: fromSource, basePath: "/llm", passesOn: true }, ({ origin }) => {
  it("takes a body that a parser has read", async () => {
    const client = new OpenAI({ apiKey: "unused", baseURL: `${origin()}/parsed/v1` });
    const messages = [{ role: "user" as const, content: "one two three" }];
    const answer = await client.chat.completions.create({ model: "echo", messages });
    expect(answer.choices[0]?.message.content).toBe("one two three");
  });
});

import { openaiChat, until } from "@llmproxy/testing";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromSource, type RunningExample, startExample } from "../testing/start-example.ts";
import { startVendors, type Vendors } from "../testing/vendors.ts";

describe("the proxy with stages of its own", () => {
  let vendors: Vendors;
  let running: RunningExample;
  const client = () => new OpenAI({ apiKey: "unused", maxRetries: 0, baseURL: running.url });
  const ask = (content: string, signal?: AbortSignal) =>
    client().chat.completions.create(
      { model: "openai/short", messages: [{ role: "user", content }] },
      { signal },
    );
  const sent = () => vendors.openai.requests.at(-1)?.json();

  beforeAll(async () => {
    vendors = await startVendors();
    const models = { SHORT_MODEL: "openai/short", LONG_MODEL: "openai/long" };
    const environment = { ...vendors.environment, ...models };
    running = await startExample({ example: "custom-stage", args: fromSource, environment });
  });
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    await vendors?.[Symbol.asyncDispose]();
  });

  it("keeps addresses from the vendor", async () => {
    vendors.answer({ openai: openaiChat({ text: "ok" }) });
    await ask("write to ann@example.com today");
    const content = [{ role: "user", content: "write to (an address) today" }];
    expect(sent()).toMatchObject({ model: "short", messages: content });
  });

  it("sends long conversations to another model", async () => {
    vendors.answer({ openai: openaiChat({ text: "ok" }) });
    await ask("long ".repeat(2_000));
    expect(sent()).toMatchObject({ model: "long" });
  });

  it("lets a caller have two calls at a time, and the next as soon as one has ended", async () => {
    vendors.answer({ openai: { body: "{}", fault: { kind: "stall" } } });
    const before = vendors.openai.requests.length;
    const leaving = [new AbortController(), new AbortController()];
    const running = leaving.map(({ signal }) => ask("hello", signal).catch(() => "left"));
    await until(() => vendors.openai.requests.length === before + 2);
    await expect(ask("hello")).rejects.toThrow(OpenAI.RateLimitError);
    for (const left of leaving) left.abort();
    expect(await Promise.all(running)).toEqual(["left", "left"]);
    vendors.answer({ openai: openaiChat({ text: "ok" }) });
    await until(async () => (await ask("hello").catch(() => undefined)) !== undefined);
  });
});

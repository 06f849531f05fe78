import { openaiChat, openaiError } from "@llmproxy/testing";
import { expect, it } from "vitest";
import { fromSource, runExample } from "../testing/start-example.ts";
import { startVendors } from "../testing/vendors.ts";

const args = [...fromSource, "one two three"];

it("streams, then answers at once, without an account", async () => {
  expect(await runExample({ example: "in-process", args })).toEqual({
    code: 0,
    stdout: "one two three\n(stop)\none two three\n(3 tokens)\n",
    stderr: "",
  });
});

it("asks a vendor, and tells what goes wrong by its code", async () => {
  await using vendors = await startVendors();
  const answers = [openaiChat({ text: "a b" }), openaiError({ message: "no more today" }, { status: 429 })];
  vendors.answer({
    openai: (request) => {
      const next = answers.length > 1 ? answers.shift() : answers[0];
      return typeof next === "function" ? next(request) : (next ?? { body: "" });
    },
  });
  const environment = { ...vendors.environment, MODEL: "openai/gpt" };
  const { code, stdout, stderr } = await runExample({ example: "in-process", args, environment });
  expect([code, stdout]).toEqual([1, "a b\n(stop)\n"]);
  expect(stderr).toMatch(/^upstream_failed: .*no more today/);
});

import { describe, expect, it } from "vitest";
import { aliasesOf, resolveAlias } from "./aliases.ts";

describe("resolveAlias", () => {
  it.each([
    ["/vibectl.llm_proxy.VibectlLLMProxy/Execute", "/llmproxy.v1.LlmProxyService/Execute"],
    [
      "/vibectl.llm_proxy.VibectlLLMProxy/GetServerInfo?connect=v1&encoding=json&message={}",
      "/llmproxy.v1.LlmProxyService/GetServerInfo?connect=v1&encoding=json&message={}",
    ],
    ["/vibectl.llm_proxy.VibectlLLMProxy/", "/llmproxy.v1.LlmProxyService/"],
    ["/llmproxy.v1.LlmProxyService/Execute", "/llmproxy.v1.LlmProxyService/Execute"],
    ["/vibectl.llm_proxy.VibectlLLMProxy", "/vibectl.llm_proxy.VibectlLLMProxy"],
    ["/vibectl.llm_proxy.VibectlLLMProxyX/Execute", "/vibectl.llm_proxy.VibectlLLMProxyX/Execute"],
    ["/x/vibectl.llm_proxy.VibectlLLMProxy/Execute", "/x/vibectl.llm_proxy.VibectlLLMProxy/Execute"],
    ["/constructor/Execute", "/constructor/Execute"],
    ["/", "/"],
    ["", ""],
    ["*", "*"],
  ])("turns %j into %j", (path, resolved) => {
    expect(resolveAlias(path)).toBe(resolved);
  });
});

describe("aliasesOf", () => {
  it("names the aliases of a service", () => {
    expect(aliasesOf("llmproxy.v1.LlmProxyService")).toEqual(["vibectl.llm_proxy.VibectlLLMProxy"]);
    expect(aliasesOf("llmproxy.management.v1.KeyService")).toEqual([]);
  });
});

import { createClient, createRouterTransport } from "@connectrpc/connect";
import { Health, KeyService, LlmProxyService } from "@llmproxy/proto";
import { ProxyError } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import type { FakeCoreOptions } from "../testing/fake-core.ts";
import { fakeReply, textParts } from "../testing/fake-reply.ts";
import { as, testServices } from "../testing/test-services.ts";
import { createRpcRoutes } from "./routes.ts";

function setup(core: FakeCoreOptions = {}) {
  const clock = createFakeClock();
  const services = testServices(core, { clock });
  const transport = createRouterTransport(createRpcRoutes(services.options));
  return {
    ...services,
    clock,
    keys: createClient(KeyService, transport),
    llm: createClient(LlmProxyService, transport),
    probe: createClient(Health, transport),
  };
}

const hello = { userFragments: ["Hi"], modelName: "m" };
const counted = "llmproxy_rpcs_total";
const timed = "llmproxy_rpc_duration_seconds";
const getKey = "llmproxy.management.v1.KeyService/GetKey";
const failed = () => undefined;

describe("an RPC that has ended", () => {
  it("is counted and timed by method and code", async () => {
    const clocks: { advance?: () => Promise<void> } = {};
    const { keys, meter, clock } = setup({ before: () => clocks.advance?.() });
    clocks.advance = () => clock.advance(1500);
    await keys.getKey({ id: "k" }, as("manager"));
    await keys.getKey({ id: "k" }, as("key")).catch(failed);
    expect(meter.value(counted, { method: getKey, code: "" })).toBe(1);
    expect(meter.value(counted, { method: getKey, code: "permission_denied" })).toBe(1);
    expect(meter.recorded(timed, { method: getKey })).toEqual([1.5, 0]);
  });

  it("has one line in the log, with who, what and how", async () => {
    const { keys, logger } = setup();
    const headers = { ...as("manager").headers, "x-request-id": "my-request" };
    await keys.getKey({ id: "k" }, { headers });
    expect(logger.entries).toEqual([
      {
        level: "info",
        message: "rpc",
        fields: { request_id: "my-request", endpoint: `/${getKey}`, principal: "management", duration_ms: 0 },
      },
    ]);
  });

  it("says in the log why it was refused", async () => {
    const { keys, logger } = setup({
      before() {
        throw new ProxyError("invalid_request", "expires_at: too late", {
          field: "expires_at",
          reason: "too_late",
        });
      },
    });
    await keys.getKey({ id: "k" }, as("manager")).catch(failed);
    expect(logger.entries).toMatchObject([
      { level: "info", fields: { code: "invalid_request", field: "expires_at", reason: "too_late" } },
    ]);
    expect(logger.entries[0]?.fields).not.toHaveProperty("error");
  });

  it("says in the log what went wrong on our side", async () => {
    const cause = new Error("disk full");
    const { keys, logger } = setup({
      before() {
        throw new ProxyError("unavailable", "the store cannot answer", { cause });
      },
    });
    await keys.getKey({ id: "k" }, as("manager")).catch(failed);
    expect(logger.entries).toMatchObject([
      { level: "info", fields: { code: "unavailable", message: "the store cannot answer", error: cause } },
    ]);
  });

  it("is an error in the log when nobody foresaw its failure", async () => {
    const mistake = new TypeError("x is not a function");
    const { keys, logger } = setup({
      before() {
        throw mistake;
      },
    });
    await keys.getKey({ id: "k" }, as("manager")).catch(failed);
    expect(logger.entries).toMatchObject([{ level: "error", fields: { code: "internal", error: mistake } }]);
  });

  it("leaves the access line of a call to the core, refused ones included", async () => {
    const { llm, logger } = setup();
    await llm.execute(hello, as("key"));
    await Array.fromAsync(llm.streamExecute(hello, as("key")));
    await llm.execute(hello, as("auditor")).catch(failed);
    expect(logger.entries.map(({ level }) => level)).toEqual(["debug", "debug", "debug"]);
  });

  it("keeps probes out of the log", async () => {
    const { probe, logger } = setup();
    await probe.check({});
    await probe.check({ service: "unknown" }).catch(failed);
    expect(logger.entries.map(({ level }) => level)).toEqual(["debug", "debug"]);
  });

  it("never writes prompts, answers or credentials", async () => {
    const { llm, keys, logger } = setup({ answer: () => fakeReply(textParts("the-answer")) });
    await llm.execute({ ...hello, userFragments: ["the-prompt"] }, as("key"));
    await keys.createKey({ name: "k" }, as("manager"));
    expect(logger.text()).not.toMatch(/the-prompt|the-answer|the-key|Bearer/);
  });

  it("is counted once when its client leaves", async () => {
    const { llm, meter } = setup({
      answer: () => fakeReply([...textParts("x").slice(0, 2), new Promise(() => {})]),
    });
    const stop = new AbortController();
    const chunks = llm.streamExecute(hello, { ...as("key"), signal: stop.signal })[Symbol.asyncIterator]();
    await chunks.next();
    stop.abort();
    await chunks.next().catch(failed);
    const method = "llmproxy.v1.LlmProxyService/StreamExecute";
    expect(meter.value(counted, { method })).toBe(1);
    expect(meter.value(counted, { method, code: "canceled" })).toBe(1);
  });
});

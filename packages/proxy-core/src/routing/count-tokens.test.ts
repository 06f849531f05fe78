import {
  type Call,
  type Provider,
  type ProviderCall,
  ProxyError,
  silentLogger,
  type Target,
} from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createTokenCounter } from "./count-tokens.ts";
import { createModelRegistry } from "./model-registry.ts";
import { createPriorityPicker } from "./priority.ts";

const clock = createFakeClock();

function providerOf(name: string, countTokens?: (call: ProviderCall) => Promise<number>): Provider {
  return {
    name,
    kind: "fake",
    call: () => Promise.reject(new ProxyError("internal", "nobody asked for an answer")),
    models: () => [],
    close: () => Promise.resolve(),
    ...(countTokens && { countTokens }),
  };
}

function counterOf(...providers: readonly Provider[]) {
  const targets: readonly Target[] = providers.map(({ name }) => ({
    provider: name,
    model: `${name}-model`,
  }));
  const registry = createModelRegistry({ models: [{ name: "fast", targets }], providers });
  return createTokenCounter({
    registry,
    providers,
    picker: createPriorityPicker(),
    clock,
    logger: silentLogger,
  });
}

function callOf(signal = new AbortController().signal): Call {
  const content = [{ type: "text", text: "12345678" }] as const;
  return {
    id: "call-1",
    endpoint: "/v1/messages/count_tokens",
    credentials: { kind: "none" },
    permission: "completion:create",
    signal,
    startedAt: new Date(0),
    startedMs: 0,
    phase: "queued",
    logger: silentLogger,
    request: {
      operation: "count-tokens",
      model: "fast",
      stream: false,
      chat: {
        model: "fast",
        messages: [{ role: "user", content }],
        sampling: {},
        stream: false,
        includeUsage: false,
      },
    },
    attempts: [],
  };
}

const failing = (error: ProxyError) => () => Promise.reject(error);
const busy = new ProxyError("upstream_failed", "busy", { vendor: { status: 529 } });

describe("createTokenCounter", () => {
  it("asks the vendor by the vendor's name of the model", async () => {
    const asked: string[] = [];
    const provider = providerOf("a", async ({ model }) => {
      asked.push(model);
      return 42;
    });
    const call = callOf();
    expect(await counterOf(provider)(call)).toEqual({ tokens: 42, estimated: false });
    expect(asked).toEqual(["a-model"]);
    expect(call.route?.name).toBe("fast");
    expect(call.attempts).toMatchObject([{ target: { provider: "a" }, outcome: "succeeded" }]);
  });

  it("estimates where the vendor does not count", async () => {
    expect(await counterOf(providerOf("a"))(callOf())).toEqual({ tokens: 2, estimated: true });
  });

  it.each([404, 405, 501])(
    "estimates where the vendor says with %i that it has no such service",
    async (status) => {
      const none = new ProxyError("upstream_failed", "no such page", { vendor: { status } });
      expect(await counterOf(providerOf("a", failing(none)))(callOf())).toEqual({
        tokens: 2,
        estimated: true,
      });
    },
  );

  it("does not take a model the vendor does not know for a service it does not have", async () => {
    const vendor = { status: 404, type: "not_found_error" };
    const unknown = new ProxyError("upstream_failed", "model: nope", { vendor });
    await expect(counterOf(providerOf("a", failing(unknown)))(callOf())).rejects.toBe(unknown);
  });

  it("falls back to the next target", async () => {
    const call = callOf();
    const counter = counterOf(
      providerOf("a", failing(busy)),
      providerOf("b", async () => 7),
    );
    expect(await counter(call)).toEqual({ tokens: 7, estimated: false });
    expect(call.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "succeeded"]);
  });

  it("does not fall back when the request is at fault", async () => {
    const wrong = new ProxyError("invalid_request", "wrong");
    const counter = counterOf(
      providerOf("a", failing(wrong)),
      providerOf("b", async () => 7),
    );
    await expect(counter(callOf())).rejects.toBe(wrong);
  });

  it("ends as the signal says when the client leaves", async () => {
    const left = new ProxyError("canceled", "the client left");
    const call = callOf(AbortSignal.abort(left));
    await expect(counterOf(providerOf("a", async () => 7))(call)).rejects.toBe(left);
    expect(call.attempts).toMatchObject([{ outcome: "canceled" }]);
  });
});

import { createRouterTransport } from "@connectrpc/connect";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { Servers } from "./servers.ts";

function setup(...names: string[]) {
  const clock = createFakeClock();
  const transport = createRouterTransport(() => undefined);
  const all = names.map((baseUrl) => ({ baseUrl, transport }));
  const servers = new Servers(all, clock, 1_000);
  const named = (name: string) => all.find(({ baseUrl }) => baseUrl === name) ?? expect.unreachable();
  return {
    clock,
    servers,
    fail: (name: string) => servers.failed(named(name)),
    succeed: (name: string) => servers.succeeded(named(name)),
    next: () => servers.pick().baseUrl,
  };
}

describe("Servers", () => {
  it("begin with the first", () => {
    expect(setup("a", "b").next()).toBe("a");
  });

  it("pass over those that rest, in order from the current one", () => {
    const { next, fail, succeed } = setup("a", "b", "c");
    fail("a");
    expect(next()).toBe("b");
    succeed("b");
    fail("b");
    expect(next()).toBe("c");
  });

  it("return to the current one when it has rested", async () => {
    const { next, fail, clock } = setup("a", "b");
    fail("a");
    await clock.advance(999);
    expect(next()).toBe("b");
    await clock.advance(1);
    expect(next()).toBe("a");
  });

  it("give the one that has rested longest where all rest", async () => {
    const { next, fail, servers, clock } = setup("a", "b");
    fail("b");
    await clock.advance(10);
    fail("a");
    expect([next(), servers.hasAwake()]).toEqual(["b", false]);
    await clock.advance(990);
    expect(servers.hasAwake()).toBe(true);
  });

  it("wake one that answers", () => {
    const { next, fail, succeed } = setup("a", "b");
    fail("a");
    succeed("a");
    expect(next()).toBe("a");
  });
});
